import type { Socket } from '@parley/spec'
import type { RawData, WebSocket } from 'ws'

/** Bytes of frames that wait for their consumer before the peer is told to wait. */
const heldBytesMax = 1_048_576

/** A `Socket` that says more: when the peer last gave a sign of life, and how many sends came too late. */
export interface WsSocket extends Socket {
  /** Messages sent after the end; they were dropped. */
  readonly droppedCount: number
  /** Called for every frame and pong. */
  onSign(listener: () => void): void
  /** Ends the connection without waiting for the peer. */
  terminate(): void
}

/** Gives a connection of `ws` as the `Socket` of the ports: frames in order by one consumer, no throwing sends. */
export function toSocket(ws: WebSocket): WsSocket {
  const held: (string | Uint8Array)[] = []
  let heldBytes = 0
  let isOpen = true
  let wake: (() => void) | undefined
  let isConsumed = false
  let droppedCount = 0
  let onSign = (): void => {}

  ws.on('message', (data, isBinary) => {
    const bytes = toBytes(data)
    held.push(isBinary ? bytes : new TextDecoder().decode(bytes))
    heldBytes += bytes.byteLength
    if (heldBytes > heldBytesMax) ws.pause()
    onSign()
    wake?.()
  })
  ws.on('pong', () => onSign())
  const closed = new Promise<{ code: number; reason: string; clean: boolean }>((resolve) => {
    ws.on('close', (code, reason) => {
      isOpen = false
      wake?.()
      resolve({ code, reason: reason.toString('utf8'), clean: code !== 1006 })
    })
  })
  // Errors of the connection end in `close`, which says what there is to say.
  ws.on('error', () => {})

  const take = (): IteratorResult<string | Uint8Array> => {
    const frame = held.shift()
    if (frame === undefined) return { value: undefined, done: true }
    heldBytes -= typeof frame === 'string' ? Buffer.byteLength(frame) : frame.byteLength
    if (heldBytes <= heldBytesMax && ws.isPaused) ws.resume()
    return { value: frame, done: false }
  }

  // Written out: a generator costs each of fifty frames a second of each call three promises more.
  const read = (): AsyncIterator<string | Uint8Array> => ({
    next() {
      if (held.length > 0 || !isOpen) return Promise.resolve(take())
      return new Promise((resolve) => {
        wake = () => {
          if (held.length === 0 && isOpen) return
          wake = undefined
          resolve(take())
        }
      })
    },
    return: () => Promise.resolve({ value: undefined, done: true }),
  })

  return {
    closed,
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    get droppedCount() {
      return droppedCount
    },
    frames: {
      [Symbol.asyncIterator]() {
        if (isConsumed) throw new Error('The frames of a socket have one consumer.')
        isConsumed = true
        return read()
      },
    },
    onSign(listener) {
      onSign = listener
    },
    send(data) {
      if (ws.readyState === ws.OPEN) ws.send(data, reportNothing)
      else droppedCount++
    },
    ping() {
      if (ws.readyState === ws.OPEN) ws.ping()
    },
    close(code, reason) {
      ws.close(code, reason)
    },
    terminate() {
      ws.terminate()
    },
  }
}

/** A send that fails does so because the connection ends, and its end is told by `closed`. */
function reportNothing(): void {}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return new Uint8Array(Buffer.concat(data))
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
