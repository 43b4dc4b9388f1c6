import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import { createSystemClock, ParleyError, type Clock, type McpConnection } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { serveHttp, type HttpFixture } from './__fixtures__/serve-http.ts'
import { createTideServer, SECRET } from './__fixtures__/tide-server.ts'
import { createMcpHost, type McpHostOptions } from './mcp-host.ts'

const options = { signal: new AbortController().signal, idempotencyKey: 'k' }
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

interface Connecting extends McpHostOptions {
  clock?: Clock
  guard?: { check(url: string): Promise<void> }
}

async function connect(
  { url }: HttpFixture,
  { clock = createSystemClock(), guard = { check: () => Promise.resolve() }, ...more }: Connecting = {},
): Promise<McpConnection> {
  const server = { id: 'tide', transport: { kind: 'http' as const, url } }
  const connection = await createMcpHost(more).connect(server, { env: {}, signal: options.signal, guard, clock })
  open.push(connection)
  return connection
}

async function serve(handle: (request: Request) => Response | Promise<Response>): Promise<HttpFixture> {
  const fixture = await serveHttp(handle)
  open.push(fixture)
  return fixture
}

/** A server of the official package, with one session; `around` may answer in its place. */
async function serveTide({
  enableJsonResponse = false,
  mayTell,
  around = (_request, answer) => answer(),
}: {
  enableJsonResponse?: boolean
  mayTell?: Promise<void>
  around?: (request: Request, answer: () => Promise<Response>, rpc: string) => Promise<Response>
} = {}): Promise<HttpFixture> {
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => 'session-1',
    enableJsonResponse,
  })
  const server = createTideServer(mayTell)
  await server.connect(transport)
  open.push(server)
  return await serve(async (request) => {
    const body = await request.clone().text()
    const rpc = body === '' ? request.method : String(Object(JSON.parse(body))['method'])
    return await around(request, () => transport.handleRequest(request), rpc)
  })
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    (value) => expect.fail(`gave ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
}

describe('K-4 MCP over HTTP', () => {
  test.each([true, false])('K-4 answers come in one session, which is ended (as JSON: %s)', async (isJson) => {
    const fixture = await serveTide({ enableJsonResponse: isJson })
    const connection = await connect(fixture)
    expect(connection.tools.map(({ name }) => name)).toContain('book_pilot')
    const result = await connection.call('high_water', { port: 'Husum' }, options)
    expect(result).toMatchObject({ ok: true, value: { at: '14:05', port: 'Husum' } })
    await connection.close()
    expect(await connection.closed).toEqual({})
    const asked = fixture.seen.map(({ method, rpc, session }) => `${rpc ?? method} ${session}`)
    expect(asked.filter((one) => !one.startsWith('GET'))).toEqual([
      'initialize undefined',
      'notifications/initialized session-1',
      'tools/list session-1',
      'tools/list session-1',
      'tools/call session-1',
      'DELETE session-1',
    ])
  })

  test('K-4 tools are listed again when the server says that they changed', async () => {
    let isListening = (): void => {}
    const listening = new Promise<void>((resolve) => (isListening = resolve))
    const fixture = await serveTide({
      async around(request, answer) {
        const response = await answer()
        if (request.method === 'GET') isListening()
        return response
      },
    })
    const connection = await connect(fixture)
    await listening
    const changed = new Promise<void>((resolve) => connection.onToolsChanged(resolve))
    await connection.call('change', {}, options)
    await changed
    expect(connection.tools.map(({ name }) => name)).toEqual(['low_water'])
  })

  test('K-4 an address that the guard refuses is not asked', async () => {
    const fixture = await serveTide()
    const refused = new ParleyError({ code: 'tool_not_allowed', message: 'Not there.' })
    const guard = { check: (url: string) => Promise.reject(url === fixture.url ? refused : new Error(url)) }
    await expect(connect(fixture, { guard })).rejects.toBe(refused)
    expect(fixture.seen).toEqual([])
  })

  test('K-4 a server that sends elsewhere is not followed', async () => {
    const elsewhere = await serve(() => new Response('{}'))
    const fixture = await serve(() => new Response(null, { status: 307, headers: { location: elsewhere.url } }))
    await expect(connect(fixture)).rejects.toMatchObject({ code: 'tool_unavailable' })
    expect(elsewhere.seen).toEqual([])
  })

  test('K-4 a status other than success is unavailable, without the body', async () => {
    const fixture = await serve(() => new Response(`password ${SECRET}`, { status: 500 }))
    const error = await failureOf(connect(fixture))
    expect(error).toMatchObject({
      code: 'tool_unavailable',
      message: 'The MCP server "tide" answered with status 500.',
      details: { server: 'tide', status: 500 },
    })
    expect(JSON.stringify(error)).not.toContain(SECRET)
  })

  test('K-4 a server that is not there is unavailable', async () => {
    const fixture = await serve(() => new Response())
    fixture.close()
    await expect(connect(fixture)).rejects.toMatchObject({
      code: 'tool_unavailable',
      message: 'The MCP server "tide" cannot be reached.',
    })
  })

  test('K-4 a server that forgets its session ends the connection, so that another is made', async () => {
    const fixture = await serveTide({
      around: async (_request, answer, rpc) =>
        rpc === 'tools/call' ? new Response('who?', { status: 404 }) : await answer(),
    })
    const connection = await connect(fixture)
    const told = { code: 'tool_unavailable', message: 'The MCP server "tide" answered with status 404.' }
    await expect(connection.call('high_water', {}, options)).rejects.toMatchObject(told)
    expect((await connection.closed).error).toMatchObject(told)
    await expect(connection.call('high_water', {}, options)).rejects.toMatchObject(told)
  })

  test('K-4 an error of one call leaves the connection open', async () => {
    let calls = 0
    const fixture = await serveTide({
      around: async (_request, answer, rpc) =>
        rpc === 'tools/call' && ++calls === 1 ? new Response('', { status: 503 }) : await answer(),
    })
    const connection = await connect(fixture)
    await expect(connection.call('high_water', {}, options)).rejects.toMatchObject({ details: { status: 503 } })
    expect(await connection.call('high_water', {}, options)).toMatchObject({ ok: true })
  })

  test.each([
    ['ends', (controller: ReadableStreamDefaultController<Uint8Array>) => controller.close()],
    ['breaks', (controller: ReadableStreamDefaultController<Uint8Array>) => controller.error(new Error('cut'))],
  ])('K-4 a stream that %s in the middle of a call ends the call', async (_how, end) => {
    const fixture = await serveTide({
      around: async (_request, answer, rpc) => {
        if (rpc !== 'tools/call') return await answer()
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(': working\n\n')),
          pull: end,
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      },
    })
    const connection = await connect(fixture)
    await expect(connection.call('hang', {}, options)).rejects.toMatchObject({ code: 'tool_unavailable' })
  })

  test('K-4 a server that dies in the middle of a call ends the call', async () => {
    const fixture: HttpFixture = await serveTide({
      around: async (_request, answer, rpc) => {
        const response = await answer()
        if (rpc === 'tools/call') fixture.cut()
        return response
      },
    })
    const connection = await connect(fixture)
    await expect(connection.call('hang', {}, options)).rejects.toMatchObject({ code: 'tool_unavailable' })
  })

  test.each([
    ['a page', 'text/html', `<p>${SECRET}</p>`],
    ['no JSON', 'application/json', `{"${SECRET}`],
    ['JSON of another kind', 'application/json', `{"${SECRET}":1}`],
  ])('K-4 an answer that is %s fails the call, and is not passed on', async (_what, type, body) => {
    const fixture = await serveTide({
      around: async (_request, answer, rpc) =>
        rpc === 'tools/call' ? new Response(body, { headers: { 'content-type': type } }) : await answer(),
    })
    const error = await failureOf((await connect(fixture)).call('high_water', {}, options))
    expect(error).toMatchObject({ code: 'tool_result_invalid', details: { server: 'tide' } })
    expect(JSON.stringify(error) + String(error)).not.toContain(SECRET)
  })

  test('K-4 a call may be silent for callTimeoutMs, counted anew from each word of progress', async () => {
    const clock = createVirtualClock()
    let tell = (): void => {}
    const mayTell = new Promise<void>((resolve) => (tell = resolve))
    const connection = await connect(await serveTide({ mayTell }), { clock, callTimeoutMs: 5_000 })
    let isOver = false
    let onProgress = (_text: string): void => {}
    const told = new Promise<string>((resolve) => (onProgress = resolve))
    const dawdling = failureOf(connection.call('dawdle', {}, { ...options, onProgress })).finally(() => (isOver = true))
    await clock.advance(4_000)
    tell()
    expect(await told).toBe('still looking')
    await clock.advance(4_999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(await dawdling).toMatchObject({ code: 'tool_timeout', details: { limitMs: 5_000 } })
  })

  test('K-4 a server that never answers is unavailable after 10 s, and one that is deaf to its end is left after 5 s', async () => {
    const clock = createVirtualClock()
    const silent = await serve(() => new Promise<never>(() => {}))
    const refusal = failureOf(connect(silent, { clock }))
    await clock.advance(10_000)
    expect(await refusal).toMatchObject({ code: 'tool_unavailable', message: expect.stringContaining('10000 ms') })

    const deaf = await serveTide({
      around: async (request, answer) =>
        request.method === 'DELETE' ? await new Promise<never>(() => {}) : await answer(),
    })
    const connection = await connect(deaf, { clock })
    let isClosed = false
    const closing = connection.close().finally(() => (isClosed = true))
    await clock.advance(4_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closing
    expect(await connection.closed).toEqual({})
  })
})

describe('K-4 MCP over the older SSE', () => {
  /** A server of 2024-11-05: answers come on the stream that was opened first. */
  async function serveOlder(): Promise<HttpFixture & { end(): void }> {
    let say = (_event: string, _data: string): void => {}
    let end = (): void => {}
    const result = (method: string): object =>
      ({
        initialize: {
          protocolVersion: '2024-11-05',
          capabilities: { tools: {} },
          serverInfo: { name: 'old', version: '1' },
        },
        'tools/list': { tools: [{ name: 'sum', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: '5' }] },
      })[method] ?? {}
    const fixture = await serve(async (request) => {
      if (request.method === 'GET') {
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            say = (event, data) => controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${data}\n\n`))
            end = () => controller.close()
            say('endpoint', '/messages')
          },
        })
        return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
      }
      if (new URL(request.url).pathname !== '/messages') return new Response(null, { status: 405 })
      const { id, method } = Object(await request.json())
      if (id !== undefined) say('message', JSON.stringify({ jsonrpc: '2.0', id, result: result(method) }))
      return new Response(null, { status: 202 })
    })
    return { ...fixture, end: () => end() }
  }

  test('K-4 a server that knows the older transport alone is connected, and the end of its stream is told', async () => {
    const fixture = await serveOlder()
    const connection = await connect(fixture)
    expect(connection.tools.map(({ name }) => name)).toEqual(['sum'])
    expect(await connection.call('sum', {}, options)).toMatchObject({ ok: true, value: '5' })
    fixture.end()
    expect((await connection.closed).error).toMatchObject({ code: 'tool_unavailable' })
  })

  test('K-4 where neither is spoken the first answer is told', async () => {
    const fixture = await serve(() => new Response(SECRET, { status: 404 }))
    await expect(connect(fixture)).rejects.toMatchObject({
      message: 'The MCP server "tide" answered with status 404.',
    })
    expect(fixture.seen.map(({ method }) => method)).toEqual(['POST', 'GET'])
  })
})
