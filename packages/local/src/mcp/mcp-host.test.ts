import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createSystemClock, type McpConnection, type McpServer } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { createMcpHost } from './mcp-host.ts'

const file = fileURLToPath(new URL('__fixtures__/tide-server.mjs', import.meta.url))
const stdio: McpServer = {
  id: 'tide',
  transport: { kind: 'stdio', command: process.execPath, args: [file], env: { TIDE_KEY: 'k' } },
}
const guard = { check: () => Promise.resolve() }
const options = { signal: new AbortController().signal, idempotencyKey: 'k' }
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function connect(server: McpServer = stdio, clock = createSystemClock()): Promise<McpConnection> {
  const connection = await createMcpHost().connect(server, {
    env: { SECRET: 's' },
    signal: options.signal,
    guard,
    clock,
  })
  open.push(connection)
  return connection
}

describe('K-4 MCP over stdio', () => {
  test('K-4 tools of all pages are listed, and what a server promises of them is their effect', async () => {
    const { tools } = await connect()
    expect(tools.map(({ uri, effect }) => [uri, effect])).toEqual([
      ['mcp://tide.high_water', 'pure'],
      ['mcp://tide.book_pilot', 'effectful'],
    ])
  })

  test('K-4 a call gives the structured result, progress on the way, and what it refuses to be asked does not matter', async () => {
    const connection = await connect()
    const told: string[] = []
    const result = await connection.call(
      'high_water',
      { port: 'Cuxhaven' },
      { ...options, onProgress: (text) => told.push(text) },
    )
    expect(result).toMatchObject({ ok: true, value: { at: '14:05', port: 'Cuxhaven' } })
    expect(told).toEqual(['looking'])
  })

  test('MC-1 texts are joined where there is no structure, images are media', async () => {
    expect(await (await connect()).call('picture', {}, options)).toMatchObject({
      ok: true,
      value: 'a\nb',
      media: [{ type: 'image', mimeType: 'image/png', data: new Uint8Array([1, 2]) }],
    })
  })

  test('K-4 a server sees PATH, HOME, LANG and what was declared for it', async () => {
    const result = await (await connect()).call('environment', {}, options)
    const names = result.ok && 'value' in result ? String(result.value).split(' ') : []
    expect(names).toContain('TIDE_KEY')
    expect(names.filter((name) => !['PATH', 'HOME', 'LANG', 'TIDE_KEY'].includes(name))).toEqual([])
  })

  test('P-3 what a server says of a failure is not passed on', async () => {
    const connection = await connect()
    expect(await connection.call('fail', {}, options)).toMatchObject({
      ok: false,
      error: { code: 'tool_failed', message: 'The tool "fail" of the MCP server "tide" failed.' },
    })
    const refusal = connection.call('nothing', {}, options)
    await expect(refusal).rejects.toMatchObject({
      code: 'tool_failed',
      message: expect.not.stringContaining('hunter2'),
    })
  })

  test('K-4 tools are listed again when the server says that they changed', async () => {
    const connection = await connect()
    const changed = new Promise<void>((resolve) => connection.onToolsChanged(resolve))
    await connection.call('change', {}, options)
    await changed
    expect(connection.tools.map(({ name }) => name)).toEqual(['low_water'])
  })

  test('K-4 the end of a server ends its calls, and is told', async () => {
    const connection = await connect()
    await expect(connection.call('die', {}, options)).rejects.toMatchObject({ code: 'tool_unavailable' })
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

  test('K-4 a command that does not exist, or says nothing for 10 s, is unavailable', async () => {
    const missing: McpServer = { id: 'none', transport: { kind: 'stdio', command: '/no/such/command' } }
    await expect(connect(missing)).rejects.toMatchObject({
      code: 'tool_unavailable',
      message: expect.stringContaining('/no/such/command'),
    })
    const silent: McpServer = {
      id: 'silent',
      transport: { kind: 'stdio', command: process.execPath, args: ['-e', 'process.stdin.resume()'] },
    }
    const clock = createVirtualClock()
    const refusal = connect(silent, clock).catch((error: unknown) => error)
    await clock.advance(10_000)
    expect(await refusal).toMatchObject({ code: 'tool_unavailable', message: expect.stringContaining('10000 ms') })
  })
})

describe('K-4 MCP over HTTP', () => {
  const seen: { method: string; session: string | undefined }[] = []

  /** Answers requests as a stream, as JSON where asked, and knows its sessions. */
  async function serve(answer: (response: ServerResponse, result: object, id: unknown) => void): Promise<McpServer> {
    seen.length = 0
    const server = createServer((request: IncomingMessage, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        const { id, method, params } = JSON.parse(text)
        seen.push({ method, session: request.headers['mcp-session-id']?.toString() })
        if (id === undefined) return void response.writeHead(202).end()
        if (method === 'initialize') response.setHeader('mcp-session-id', 'session-1')
        const result =
          method === 'tools/list'
            ? { tools: [{ name: 'sum', inputSchema: { type: 'object' } }] }
            : method === 'tools/call'
              ? { content: [], structuredContent: { sum: params.arguments.a + params.arguments.b } }
              : { protocolVersion: params.protocolVersion }
        answer(response, result, id)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => server.close() })
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    return { id: 'calc', transport: { kind: 'http', url: `http://127.0.0.1:${port}/mcp` } }
  }

  test.each(['application/json', 'text/event-stream'])('K-4 answers as %s, in one session', async (type) => {
    const server = await serve((response, result, id) => {
      const message = JSON.stringify({ jsonrpc: '2.0', id, result })
      response.setHeader('content-type', type)
      response.end(type === 'application/json' ? message : `event: message\ndata: ${message}\n\n`)
    })
    const connection = await connect(server)
    expect(await connection.call('sum', { a: 2, b: 3 }, options)).toMatchObject({ ok: true, value: { sum: 5 } })
    expect(seen.map(({ method, session }) => [method, session])).toEqual([
      ['initialize', undefined],
      ['notifications/initialized', 'session-1'],
      ['tools/list', 'session-1'],
      ['tools/call', 'session-1'],
    ])
  })

  test('K-4 an address that the guard refuses is not asked', async () => {
    const server = await serve((response) => response.end())
    const refusing = { check: () => Promise.reject(new Error('refused')) }
    const connecting = createMcpHost().connect(server, {
      env: {},
      signal: options.signal,
      guard: refusing,
      clock: createSystemClock(),
    })
    await expect(connecting).rejects.toThrow('refused')
    expect(seen).toEqual([])
  })

  test('K-4 a status other than success is unavailable, without the body', async () => {
    const server = await serve((response) => response.writeHead(500).end('password hunter2'))
    await expect(connect(server)).rejects.toMatchObject({
      code: 'tool_unavailable',
      message: 'The MCP server "calc" answered with status 500.',
    })
  })
})
