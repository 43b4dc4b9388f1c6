import { fileURLToPath } from 'node:url'
import { createSystemClock, type Clock, type McpConnection, type McpServer } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { SECRET } from './__fixtures__/tide-server.ts'
import { createMcpHost } from './mcp-host.ts'

const file = fileURLToPath(new URL('__fixtures__/tide-stdio.ts', import.meta.url))
const guard = { check: () => Promise.resolve() }
const options = { signal: new AbortController().signal, idempotencyKey: 'k' }
const open: McpConnection[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

function tide(...args: string[]): McpServer {
  return {
    id: 'tide',
    transport: { kind: 'stdio', command: process.execPath, args: [file, ...args], env: { TIDE_KEY: 'k' } },
  }
}

/** A server written into one line, that answers as its code says. */
function scripted(answer: string): McpServer {
  const initialized = `{ protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } }`
  const script = `
    const say = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }))
    const initialized = ${initialized}
    const listed = { tools: [{ name: 'any', inputSchema: { type: 'object' } }] }
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method } = JSON.parse(line)
      ${answer}
    })`
  return { id: 'scripted', transport: { kind: 'stdio', command: process.execPath, args: ['-e', script] } }
}

async function connect(server: McpServer = tide(), clock: Clock = createSystemClock()): Promise<McpConnection> {
  const world = { env: { PARLEY_TOOL_OTHER: 's' }, signal: options.signal, guard, clock }
  const connection = await createMcpHost().connect(server, world)
  open.push(connection)
  return connection
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    (value) => expect.fail(`gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

describe('K-4 MCP over stdio', () => {
  test('K-4 tools of all pages are listed, and what a server promises of them is their effect', async () => {
    const { tools } = await connect()
    expect(tools.slice(0, 3).map(({ uri, effect }) => [uri, effect])).toEqual([
      ['mcp://tide.high_water', 'pure'],
      ['mcp://tide.set_gauge', 'idempotent'],
      ['mcp://tide.book_pilot', 'effectful'],
    ])
    expect(tools[0]).toMatchObject({ description: 'Tides by high_water', input: { type: 'object' } })
    expect(tools.find(({ name }) => name === 'broken')?.output).toMatchObject({ required: ['at'] })
  })

  test('K-4 a call gives the structured result', async () => {
    const result = await (await connect()).call('high_water', { port: 'Cuxhaven' }, options)
    expect(result).toMatchObject({ ok: true, value: { at: '14:05', port: 'Cuxhaven' } })
  })

  test('K-4 progress is told on the way, and a server that asks whether anyone is there is answered', async () => {
    const told: string[] = []
    const onProgress = (text: string): void => void told.push(text)
    const result = await (await connect()).call('ping', {}, { ...options, onProgress })
    expect(result).toMatchObject({ ok: true, value: 'pong' })
    expect(told).toEqual(['looking'])
  })

  test('MC-1 texts are joined where there is no structure, images are media', async () => {
    expect(await (await connect()).call('picture', {}, options)).toMatchObject({
      ok: true,
      value: 'a\nb',
      media: [{ type: 'image', mimeType: 'image/png', data: new Uint8Array([1, 2]) }],
    })
  })

  test.each(['broken', 'misfit'])('K-2 K-4 a result that is not as declared is none: %s', async (name) => {
    const error = await failureOf((await connect()).call(name, {}, options))
    expect(error).toMatchObject({ code: 'tool_result_invalid', details: { server: 'tide', tool: name } })
    expect(String(error)).not.toContain(SECRET)
  })

  test('K-2 a tool whose output schema cannot be read is refused before it is called', async () => {
    await expect((await connect()).call('odd', {}, options)).rejects.toMatchObject({ code: 'tool_schema_unsupported' })
  })

  test('K-4 a server sees PATH, HOME, LANG and what was declared for it', async () => {
    const before = process.env['LANG']
    process.env['LANG'] = 'C.UTF-8'
    const result = await (await connect()).call('environment', {}, options)
    if (before === undefined) delete process.env['LANG']
    else process.env['LANG'] = before
    const names = result.ok && 'value' in result ? String(result.value).split(' ') : []
    expect(names).toEqual(['HOME', 'LANG', 'PATH', 'TIDE_KEY'])
  })

  test('P-3 what a server says of a failure is not passed on', async () => {
    const connection = await connect()
    expect(await connection.call('fail', {}, options)).toMatchObject({
      ok: false,
      error: { code: 'tool_failed', message: 'The tool "fail" of the MCP server "tide" failed.' },
    })
    const refusal = await failureOf(connection.call('nothing', {}, options))
    expect(refusal).toMatchObject({
      code: 'tool_failed',
      message: 'The MCP server "tide" refused the request (-32602).',
      details: { server: 'tide', code: -32_602 },
    })
    expect(JSON.stringify(refusal)).not.toContain(SECRET)
  })

  test('K-4 tools are listed again when the server says that they changed', async () => {
    const connection = await connect()
    const changed = new Promise<void>((resolve) => connection.onToolsChanged(resolve))
    await connection.call('change', {}, options)
    await changed
    expect(connection.tools.map(({ name }) => name)).toEqual(['low_water'])
  })

  test('K-4 the end of a server in the middle of a call ends the call, and is told', async () => {
    const connection = await connect()
    await expect(connection.call('die', {}, options)).rejects.toMatchObject({
      code: 'tool_unavailable',
      message: 'The MCP server "tide" has ended.',
      retryable: true,
    })
    expect((await connection.closed).error).toMatchObject({ code: 'tool_unavailable' })
    await expect(connection.call('high_water', {}, options)).rejects.toMatchObject({ code: 'tool_unavailable' })
  })

  test('an abort ends a call with its reason, and the connection goes on', async () => {
    const connection = await connect()
    const controller = new AbortController()
    const hanging = connection.call('hang', {}, { ...options, signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(hanging).rejects.toThrow('enough')
    expect(await connection.call('high_water', {}, options)).toMatchObject({ ok: true })
  })

  test('K-4 a tool that says nothing for 60 s is stopped, and the connection goes on', async () => {
    const clock = createVirtualClock()
    const connection = await connect(tide(), clock)
    let isOver = false
    const hanging = failureOf(connection.call('hang', {}, options)).finally(() => (isOver = true))
    await clock.advance(59_999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await hanging).toMatchObject({
      code: 'tool_timeout',
      details: { server: 'tide', tool: 'hang', limitMs: 60_000 },
    })
    expect(await connection.call('high_water', {}, options)).toMatchObject({ ok: true })
  })

  test.each([
    ['that does not listen when it is asked to end', ['stubborn']],
    ['that ends when it is asked to', []],
  ])('K-4 closing ends the process of a server %s', async (_what, args) => {
    const connection = await connect(tide(...args))
    const result = await connection.call('pid', {}, options)
    const pid = Number(result.ok && 'value' in result ? result.value : 0)
    expect(process.kill(pid, 0)).toBe(true)
    await Promise.all([connection.close(), connection.close()])
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    expect(await connection.closed).toEqual({})
    await expect(connection.call('high_water', {}, options)).rejects.toMatchObject({
      message: 'The MCP server "tide" is closed.',
    })
  })
})

describe('K-4 servers that are none', () => {
  test('K-4 a command that does not exist is unavailable', async () => {
    const missing: McpServer = { id: 'none', transport: { kind: 'stdio', command: '/no/such/command' } }
    await expect(connect(missing)).rejects.toMatchObject({
      code: 'tool_unavailable',
      message: 'The MCP server "none" could not be started: is "/no/such/command" installed?.',
    })
  })

  test('K-4 a server that says nothing for 10 s is unavailable', async () => {
    const clock = createVirtualClock()
    let isOver = false
    const refusal = failureOf(connect(scripted(''), clock)).finally(() => (isOver = true))
    await clock.advance(9_999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await refusal).toMatchObject({ code: 'tool_unavailable', message: expect.stringContaining('10000 ms') })
  })

  test('a server that is no longer wanted while it starts is left with the reason', async () => {
    const controller = new AbortController()
    const world = { env: {}, signal: controller.signal, guard, clock: createSystemClock() }
    const connecting = createMcpHost().connect(scripted(''), world)
    controller.abort(new Error('enough'))
    await expect(connecting).rejects.toThrow('enough')
  })

  test('K-4 a server that ends at once is unavailable', async () => {
    const ends: McpServer = { id: 'ends', transport: { kind: 'stdio', command: process.execPath, args: ['-e', '0'] } }
    await expect(connect(ends)).rejects.toMatchObject({ code: 'tool_unavailable' })
  })

  test.each([
    ['no result of its method', `say(id, { secret: '${SECRET}' })`],
    ['a version that nobody speaks', `say(id, { ...initialized, protocolVersion: '${SECRET}' })`],
    ['a refusal', `console.log(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -1, message: '${SECRET}' } }))`],
  ])('K-4 a server that answers its greeting with %s is not connected', async (_what, answer) => {
    const error = await failureOf(connect(scripted(answer)))
    expect(error).toMatchObject({ code: expect.stringMatching(/^tool_(result_invalid|failed)$/) })
    expect(JSON.stringify(error) + String(error)).not.toContain(SECRET)
  })

  test('K-4 a server without tools has none', async () => {
    const bare = scripted(`if (method === 'initialize') say(id, { ...initialized, capabilities: {} })`)
    expect((await connect(bare)).tools).toEqual([])
  })

  test('K-4 an answer that is no result of a call fails the call alone', async () => {
    const garbage = scripted(`
      if (method === 'initialize') say(id, initialized)
      if (method === 'tools/list') say(id, listed)
      if (method === 'tools/call') {
        console.log('not JSON ${SECRET}')
        console.log(JSON.stringify(['${SECRET}']))
        say(id + 1_000, { content: [{ type: 'text', text: '${SECRET}' }] })
        say(id, { content: '${SECRET}' })
      }`)
    const connection = await connect(garbage)
    const first = await failureOf(connection.call('any', {}, options))
    expect(first).toMatchObject({ code: 'tool_result_invalid', details: { server: 'scripted' } })
    expect(JSON.stringify(first) + String(first)).not.toContain(SECRET)
    await expect(connection.call('any', {}, options)).rejects.toMatchObject({ code: 'tool_result_invalid' })
  })

  test('K-4 a server that lists pages without end is not connected', async () => {
    const endless = scripted(`
      if (method === 'initialize') say(id, initialized)
      if (method === 'tools/list') say(id, { ...listed, nextCursor: String(id) })`)
    await expect(connect(endless)).rejects.toMatchObject({ code: 'tool_result_invalid' })
  })

  test('options that it does not have are refused', () => {
    expect(() => createMcpHost({ timeoutMs: 1 } as object)).toThrow(
      expect.objectContaining({ code: 'invalid_options' }),
    )
  })
})
