import {
  callCloseCodes,
  parseCallFrame,
  parseClientCallMessage,
  type CallFrame,
  type ClientCallMessage,
  type Clock,
  type Disposer,
  type Socket,
} from '@parley/spec'
import type { WebSocketMediaLimits } from './media-options.ts'
import { connectionMessage, type UnnumberedMessage } from './message-log.ts'

const rateWindowMs = 1_000

/** What comes over a socket. */
export interface ConnectionHandlers {
  onMessage(message: ClientCallMessage): void
  onFrame(frame: CallFrame): void
  /** A message with a wrong field, or one that is no JSON. */
  onFault(path: string, seq: number | undefined): void
  /** A numbered message of a newer version. */
  onUnknown(seq: number): void
}

/** One socket of a call: reads within limits, and sends as fast as the peer takes it. */
export interface MediaConnection {
  send(text: string): void
  sendAudio(bytes: Uint8Array): void
  /** A message of the connection alone. */
  tell(message: UnnumberedMessage, seq?: number): void
  /** Whether more is waiting than what can be left out should add to. */
  readonly isSlow: boolean
  close(code: number, reason: string): void
  /** Resolves when the socket has ended, or after a time. */
  ended(withinMs: number): Promise<void>
  /** Reads until the socket ends; called once. */
  read(handlers: ConnectionHandlers): Promise<void>
  /** Begins to watch for silence: two missed pings close the socket. */
  watch(): void
}

/** Wraps a socket with the limits of `voice.md` 21: 64 KiB, 200 messages per second, W-3, W-4. */
export function createMediaConnection(socket: Socket, clock: Clock, limits: WebSocketMediaLimits): MediaConnection {
  let isOpen = true
  let heardMs = clock.monotonicMs()
  let windowStartMs = heardMs
  let inWindow = 0
  let slowTimer: Disposer | undefined
  let silenceTimer: Disposer | undefined

  const close = (code: number, reason: string): void => {
    if (!isOpen) return
    isOpen = false
    slowTimer?.()
    silenceTimer?.()
    socket.close(code, reason)
  }
  const checkSlow = (): void => {
    if (socket.bufferedAmount <= limits.slowBytes) {
      slowTimer?.()
      slowTimer = undefined
    } else {
      slowTimer ??= clock.setTimer(limits.slowMs, () => close(callCloseCodes.slow, 'slow'))
    }
  }
  const put = (data: string | Uint8Array): void => {
    if (!isOpen) return
    socket.send(data)
    checkSlow()
  }
  const isFlooding = (text: string): boolean => {
    // UTF-8 takes up to three bytes for a unit of UTF-16, so short texts need no measuring.
    if (text.length * 3 > limits.messageBytes && new TextEncoder().encode(text).length > limits.messageBytes)
      return true
    if (heardMs - windowStartMs >= rateWindowMs) {
      windowStartMs = heardMs
      inWindow = 0
    }
    inWindow += 1
    return inWindow > limits.messagesPerSecond
  }

  return {
    send: put,
    sendAudio: put,
    tell: (message, seq) => put(connectionMessage(message, seq)),
    get isSlow() {
      return socket.bufferedAmount > limits.shedBytes
    },
    close,
    async ended(withinMs) {
      const timeout = Promise.withResolvers<void>()
      const dispose = clock.setTimer(withinMs, () => timeout.resolve())
      await Promise.race([socket.closed, timeout.promise])
      dispose()
    },
    watch() {
      const check = (): void => {
        const silentMs = clock.monotonicMs() - heardMs
        if (silentMs >= limits.pingIntervalMs * 2) return close(callCloseCodes.lost, 'silence')
        silenceTimer = clock.setTimer(limits.pingIntervalMs * 2 - silentMs, check)
      }
      check()
    },
    async read(handlers) {
      try {
        for await (const data of socket.frames) {
          if (!isOpen) continue
          heardMs = clock.monotonicMs()
          checkSlow()
          if (typeof data === 'string') {
            if (isFlooding(data)) close(callCloseCodes.flooded, 'too much')
            else readMessage(data, handlers)
          } else {
            const frame = parseCallFrame(data)
            if (frame === undefined) handlers.onFault('audio', undefined)
            else handlers.onFrame(frame)
          }
        }
      } finally {
        isOpen = false
        slowTimer?.()
        silenceTimer?.()
      }
    },
  }
}

function readMessage(text: string, handlers: ConnectionHandlers): void {
  const result = parseClientCallMessage(text)
  if (result.ok) handlers.onMessage(result.message)
  else if (result.problem === 'unknown') handlers.onUnknown(result.seq)
  else handlers.onFault(result.path, result.seq)
}
