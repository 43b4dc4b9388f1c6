import { createSocketFrames, ParleyError, retryAfterMs, type Socket, type SocketFactory } from '@parley/spec'
import { WebSocket } from 'ws'

/** Options of `createNodeSockets`. */
export interface NodeSocketsOptions {
  /** Largest message that is taken, in bytes; a larger one ends the socket. @default 1 048 576 */
  maxPayload?: number
}

/**
 * Opens client sockets with headers, for adapters of speech. A server that refuses the upgrade rejects with
 * `vendor_unavailable` whose `details` hold `status`, and `retryAfterMs` if it said so.
 */
export function createNodeSockets({ maxPayload = 1_048_576 }: NodeSocketsOptions = {}): SocketFactory {
  return (url, { protocols = [], headers = {}, signal } = {}) =>
    new Promise<Socket>((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const ws = new WebSocket(url, protocols, { headers, maxPayload, perMessageDeflate: false })
      const socket = toSocket(ws)
      const onAbort = (): void => {
        reject(signal?.reason)
        ws.terminate()
      }
      const settle = (): void => signal?.removeEventListener('abort', onAbort)
      signal?.addEventListener('abort', onAbort, { once: true })
      ws.once('open', () => {
        settle()
        resolve(socket)
      })
      ws.once('unexpected-response', (request, response) => {
        settle()
        const waitMs = retryAfterMs((name) => response.headers[name]?.toString())
        const details = {
          status: response.statusCode ?? 0,
          ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
        }
        request.destroy()
        reject(unavailable('The server refused the socket.', { details }))
      })
      ws.on('error', (cause) => {
        settle()
        // After opening, the close that follows tells what happened.
        reject(unavailable('The socket could not be opened.', { cause }))
      })
    })
}

function unavailable(message: string, rest: { details?: Record<string, number>; cause?: unknown }): ParleyError {
  return new ParleyError({ code: 'vendor_unavailable', message, ...rest })
}

function toSocket(ws: WebSocket): Socket {
  const { frames, push, end } = createSocketFrames()
  ws.on('message', (data: Buffer, isBinary: boolean) => push(isBinary ? new Uint8Array(data) : data.toString('utf8')))
  const closed = new Promise<{ code: number; reason: string; clean: boolean }>((resolve) => {
    ws.once('close', (code, reason) => {
      end()
      resolve({ code, reason: reason.toString('utf8'), clean: code !== 1006 })
    })
  })
  return {
    closed,
    frames,
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    send(data) {
      if (ws.readyState === ws.OPEN) ws.send(data)
    },
    ping() {
      if (ws.readyState === ws.OPEN) ws.ping()
    },
    close(code, reason) {
      ws.close(code, reason)
    },
  }
}
