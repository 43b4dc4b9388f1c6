import { createServer, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { ReadableStream } from 'node:stream/web'

/** A server on loopback that answers as a web handler says, and what it was asked. */
export interface HttpFixture {
  url: string
  seen: { method: string; rpc: string | undefined; session: string | undefined }[]
  /** Cuts all connections. */
  cut(): void
  close(): void
}

/** Serves a handler of web requests on a free port of loopback. */
export async function serveHttp(handle: (request: Request) => Response | Promise<Response>): Promise<HttpFixture> {
  const seen: HttpFixture['seen'] = []
  const server = createServer((incoming, outgoing) => {
    const answer = async (): Promise<void> => {
      const body = await text(incoming)
      seen.push({
        method: incoming.method ?? '',
        rpc: body === '' ? undefined : String(Object(JSON.parse(body))['method']),
        session: incoming.headers['mcp-session-id']?.toString(),
      })
      const response = await handle(toRequest(incoming, body))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.flushHeaders()
      if (response.body === null) return void outgoing.end()
      // The DOM's stream and Node's are the same object with two types.
      const stream = Readable.fromWeb(response.body as ReadableStream)
      // A stream that breaks breaks the connection.
      stream.once('error', () => outgoing.destroy())
      outgoing.once('close', () => stream.destroy())
      stream.pipe(outgoing)
    }
    answer().catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    seen,
    cut: () => server.closeAllConnections(),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function toRequest(incoming: IncomingMessage, body: string): Request {
  const headers = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)])
  return new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method: incoming.method ?? 'GET',
    headers,
    ...(body === '' ? {} : { body }),
  })
}
