import { ParleyError, type Socket, type SocketFactory } from '@parley/spec'
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
        const retryAfter = Number(response.headers['retry-after'])
        const details = {
          status: response.statusCode ?? 0,
          ...(Number.isFinite(retryAfter) && { retryAfterMs: retryAfter * 1000 }),
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
  const held: (string | Uint8Array)[] = []
  let isOpen = true
  let isConsumed = false
  let wake: (() => void) | undefined
  ws.on('message', (data: Buffer, isBinary: boolean) => {
    held.push(isBinary ? new Uint8Array(data) : data.toString('utf8'))
    wake?.()
  })
  const closed = new Promise<{ code: number; reason: string; clean: boolean }>((resolve) => {
    ws.once('close', (code, reason) => {
      isOpen = false
      wake?.()
      resolve({ code, reason: reason.toString('utf8'), clean: code !== 1006 })
    })
  })
  async function* read(): AsyncGenerator<string | Uint8Array> {
    for (;;) {
      const frame = held.shift()
      if (frame !== undefined) yield frame
      else if (isOpen) await new Promise<void>((resolve) => (wake = resolve))
      else return
    }
  }
  return {
    closed,
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    frames: {
      [Symbol.asyncIterator]() {
        if (isConsumed) throw new Error('The frames of a socket have one consumer.')
        isConsumed = true
        return read()
      },
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
