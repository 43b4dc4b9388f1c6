import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock, Json } from '@parley/spec'
import type { HttpFault } from './http-fault.ts'

/** How a request ended: with an answer, with an error status, by the double's fault, or because the client left. */
export type ExchangeEnd = 'answered' | 'refused' | 'cut' | 'left'

/** What a double noted of a request; never its credentials. */
export interface ReceivedRequest {
  path: string
  body: Json
  /** When it came, in ms of the clock's monotonic time. */
  atMs: number
  /** Header names and values but for those that carry keys. */
  headers: Readonly<Record<string, string>>
  ended: Promise<ExchangeEnd>
}

/** One request to a double, read whole. */
export interface HttpExchange {
  request: IncomingMessage
  response: ServerResponse
  /** Without the query; doubled slashes are one. */
  path: string
  query: URLSearchParams
  text: string
  fault: HttpFault | undefined
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** Keeps the body with what was received. */
  note(body: Json): void
}

/** A server on loopback that speaks for a vendor. */
export interface HttpDouble extends AsyncDisposable {
  /** The address without path. */
  readonly url: string
  received(filter?: { path?: string }): readonly ReceivedRequest[]
  /** Bodies that the vendor would not have accepted, as it would have said so. */
  readonly violations: string[]
  /** Connections that were opened so far. */
  readonly connections: number
  fault(fault: HttpFault): void
  close(): Promise<void>
}

/** What a server on loopback is made of. */
export interface HttpDoubleOptions {
  clock: Clock
  faults?: readonly HttpFault[] | undefined
  /** Answers one request to its end. */
  answer: (exchange: HttpExchange) => Promise<ExchangeEnd>
}

/** Starts a server on a free port of 127.0.0.1; it keeps what it received and hands each request its fault. */
export async function openHttpDouble({ clock, faults: given = [], answer }: HttpDoubleOptions): Promise<HttpDouble> {
  const faults = [...given]
  const received: ReceivedRequest[] = []
  const violations: string[] = []
  const sockets = new Set<Socket>()
  const work = new Set<Promise<void>>()
  let connections = 0

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Some clients join an address and a path that both have a slash.
    const address = new URL((request.url ?? '/').replace(/^\/+/, '/'), 'http://127.0.0.1')
    const leaving = new AbortController()
    const { promise: ended, resolve: end } = Promise.withResolvers<ExchangeEnd>()
    const path = address.pathname
    const entry: ReceivedRequest = {
      path,
      body: null,
      atMs: clock.monotonicMs(),
      headers: plainHeaders(request),
      ended,
    }
    received.push(entry)
    response.on('close', () => {
      if (!response.writableFinished) end('left')
      leaving.abort(new Error('the client left'))
    })
    const text = await readBody(request)
    const fault = faults.shift()
    if (fault?.kind === 'refuseConnection') {
      end('cut')
      request.socket.destroy()
      return
    }
    const query = address.searchParams
    const note = (body: Json): void => void (entry.body = body)
    end(await answer({ request, response, path, query, text, fault, signal: leaving.signal, note }))
  }

  const server = createServer((request, response) => {
    const running = handle(request, response).catch((error: unknown) => {
      // A double that fails inside must not look like a vendor that does.
      violations.push(`the double failed: ${error instanceof Error ? error.message : String(error)}`)
      request.socket.destroy()
    })
    work.add(running)
    void running.then(() => work.delete(running))
  })
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  // A listening TCP server has a port.
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= (async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, ...work])
    })()
    return closing
  }
  return {
    url: `http://127.0.0.1:${port}`,
    received: ({ path } = {}) => received.filter((entry) => path === undefined || entry.path === path),
    violations,
    get connections() {
      return connections
    },
    fault: (fault) => void faults.push(fault),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const secretHeaders: ReadonlySet<string> = new Set(['authorization', 'api-key', 'x-goog-api-key', 'cookie'])

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (!secretHeaders.has(name)) headers[name] = String(value)
  }
  return headers
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
