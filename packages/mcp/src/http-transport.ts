import { SdkHttpError, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { guardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts'
import type { OpenTransport } from './mcp-connection.ts'
import { ANSWER_LOST } from './to-mcp-error.ts'

/** A server over streamable HTTP: each message is a POST, answered by JSON or by a stream of events. */
export function streamableTransport(web: GuardedFetchOptions): OpenTransport {
  const { clock } = web
  const transport = new StreamableHTTPClientTransport(new URL(web.url), {
    fetch: guardedFetch(web),
    reconnectionScheduler: (reconnect, delayMs) => clock.setTimer(delayMs, reconnect),
  })
  const send = transport.send.bind(transport)
  // A stream that ends without the answer would leave the call waiting for its time to run out.
  transport.send = async (message, options) => {
    const onRequestStreamEnd = (): void => {
      options?.onRequestStreamEnd?.()
      if (Array.isArray(message) || !('method' in message && 'id' in message)) return
      const error = { code: ANSWER_LOST, message: 'The stream ended before the answer.' }
      // Nobody waits any more where the answer has come.
      transport.onmessage?.({ jsonrpc: '2.0', id: message.id, error })
    }
    await send(message, { ...options, onRequestStreamEnd })
  }
  return {
    transport,
    farewell: () => transport.terminateSession(),
    // The server has forgotten the session: a new connection gets another one.
    isLost: (error) => isStatus(error, [404]) && transport.sessionId !== undefined,
  }
}

/** A server over HTTP as it was before 2025-03-26: one stream of events for all that it says. */
export function sseTransport(web: GuardedFetchOptions): OpenTransport {
  const transport = new SSEClientTransport(new URL(web.url), { fetch: guardedFetch(web) })
  return { transport, endsWithStream: true }
}

/**
 * Whether a server that refused streamable HTTP may know the older transport.
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#backwards-compatibility
 */
export function isOlderServer(error: unknown): boolean {
  return isStatus(error, [400, 404, 405])
}

function isStatus(error: unknown, statuses: readonly number[]): boolean {
  return error instanceof SdkHttpError && statuses.includes(error.data.status)
}
