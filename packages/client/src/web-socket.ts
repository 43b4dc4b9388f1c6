import { createSocketFrames, type Socket, type SocketFactory } from '@parley/spec'
import { lost } from './http-client.ts'

/** Opens sockets with the platform's own `WebSocket` (browsers, Node 22 and later). */
export function createWebSocketFactory(Implementation: typeof WebSocket = WebSocket): SocketFactory {
  return (url, { protocols = [], signal } = {}) =>
    new Promise((resolve, reject) => {
      const ws = new Implementation(url, protocols)
      ws.binaryType = 'arraybuffer'
      const socket = toSocket(ws)
      const onAbort = (): void => {
        reject(signal?.reason)
        ws.close()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      ws.addEventListener('open', () => {
        signal?.removeEventListener('abort', onAbort)
        resolve(socket)
      })
      // The platform does not say why it failed.
      void socket.closed.then(({ code }) => reject(lost(`the socket closed with ${code}`)))
      if (signal?.aborted === true) onAbort()
    })
}

function toSocket(ws: WebSocket): Socket {
  const { frames, push, end } = createSocketFrames()
  ws.addEventListener('message', ({ data }: MessageEvent<unknown>) =>
    push(data instanceof ArrayBuffer ? new Uint8Array(data) : String(data)),
  )
  const closed = new Promise<{ code: number; reason: string; clean: boolean }>((resolve) => {
    ws.addEventListener('close', ({ code, reason, wasClean }) => {
      end()
      resolve({ code, reason, clean: wasClean })
    })
  })
  return {
    closed,
    frames,
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    send(data) {
      if (ws.readyState !== ws.OPEN) return
      // A copy, so that the buffer is one that sockets take, whatever memory the bytes came from.
      ws.send(typeof data === 'string' ? data : new Uint8Array(data))
    },
    // Browsers ping by themselves alone; the frames of a room have their own.
    ping() {},
    close(code, reason) {
      ws.close(code, reason)
    },
  }
}
