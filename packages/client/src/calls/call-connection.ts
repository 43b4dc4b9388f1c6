import {
  callCloseCodes,
  callProtocol,
  encodeCallFrame,
  ParleyError,
  parseCallFrame,
  parseServerCallMessage,
  writeCallMessage,
  type CallFrame,
  type ClientCallMessage,
  type Clock,
  type Disposer,
  type IdSource,
  type ServerCallMessage,
  type Socket,
  type SocketFactory,
} from '@parley/spec'
import { lost } from '../http-client.ts'

const retryDelaysMs = [250, 500, 1_000, 2_000, 4_000]
const pingIntervalMs = 15_000
/** How soon a connection must give a sign after the page slept. */
const probeMs = 3_000
const maxKept = 512
const ackEvery = 32
/** Sound that waits for the network beyond this is old: it is left out. */
const maxUplinkBytes = 65_536

/** Whether a call's socket is there. */
export type CallStatus = 'connecting' | 'live' | 'reconnecting' | 'closed'

type Welcome = Extract<ServerCallMessage, { type: 'welcome' }>
type Hello = Extract<ClientCallMessage, { type: 'hello' }>

/** A message without what the connection adds. */
export type OutgoingMessage = ClientCallMessage extends infer Message
  ? Message extends ClientCallMessage
    ? Omit<Message, 'v' | 'seq'>
    : never
  : never

/** What a connection is made with. */
export interface CallConnectionOptions {
  url: string
  /** Asked before each connection. */
  getToken(): string | undefined | Promise<string | undefined>
  introduce: Omit<Hello, 'v' | 'seq' | 'type' | 'versions' | 'token' | 'resume'>
  openSocket: SocketFactory
  clock: Clock
  ids: IdSource
  /** The agent's epoch as the speaker knows it. */
  lastEpoch(): number
  onWelcome(welcome: Welcome): void
  onMessage(message: ServerCallMessage): void
  onFrame(frame: CallFrame): void
  onStatus(status: CallStatus, error?: ParleyError): void
  /** The call is over. */
  onEnd(reason: string, error?: ParleyError): void
}

/** A call's socket, made again after a loss while the call waits. */
export interface CallConnection {
  /** Sends now, or after the loss; `droppable` messages are left out while there is no connection. */
  send(message: OutgoingMessage, options?: { droppable?: boolean }): void
  /** Sends sound; `false` where it was left out. */
  sendAudio(frame: CallFrame): boolean
  /** The page woke up or the network is back: the connection gives a sign soon or is made again. */
  probe(): void
  /** Ends the call. */
  hangUp(reason?: string): void
  readonly status: CallStatus
  /** Of the last ping. */
  readonly rttMs: number | undefined
}

/** Ends that trying again does not change. */
const finalCloses: ReadonlyMap<number, { reason: string; code?: ParleyError['code']; message?: string }> = new Map([
  [callCloseCodes.ended, { reason: 'hangup' }],
  [
    callCloseCodes.flooded,
    {
      reason: 'error',
      code: 'media_protocol_error',
      message: 'The server closed the call: too much was sent. Send less at once and start the call again.',
    },
  ],
  [
    callCloseCodes.unauthorized,
    { reason: 'error', code: 'media_auth_failed', message: 'The token of the call was refused. Start the call again.' },
  ],
  [
    callCloseCodes.forbidden,
    {
      reason: 'error',
      code: 'forbidden',
      message:
        'The token does not open this call, or there are too many calls. Take a token for this call, or end another one.',
    },
  ],
  [
    callCloseCodes.version,
    { reason: 'error', code: 'media_protocol_error', message: 'The server speaks another version. Update this page.' },
  ],
  [callCloseCodes.takenOver, { reason: 'takenOver' }],
  [
    callCloseCodes.resumeRefused,
    { reason: 'lost', code: 'media_resume_rejected', message: 'The call was not there any more. Start a new one.' },
  ],
])

/** Connects a call and keeps it until it ends. */
export function connectCall(options: CallConnectionOptions): CallConnection {
  const { clock, ids, openSocket } = options
  let status: CallStatus = 'connecting'
  let socket: Socket | undefined
  let welcome: Welcome | undefined
  let url = options.url
  let kept: { seq: number; text: string }[] = []
  let sent = 0
  let received = 0
  let unacked = 0
  let heardMs = 0
  let rttMs: number | undefined
  let bye: string | undefined
  let lostAtMs: number | undefined
  let attempt = 0
  let retryNow: (() => void) | undefined
  let probeTimer: Disposer | undefined
  const ended = new AbortController()

  const setStatus = (next: CallStatus, error?: ParleyError): void => {
    status = next
    options.onStatus(next, error)
  }
  const finish = (reason: string, error?: ParleyError): void => {
    if (ended.signal.aborted) return
    ended.abort()
    probeTimer?.()
    retryNow?.()
    socket?.close(callCloseCodes.ended, reason)
    setStatus('closed', error)
    options.onEnd(reason, error)
  }
  const tell = (message: OutgoingMessage, seq = 0): void => {
    // The parts of a message, put together again.
    socket?.send(writeCallMessage({ v: 1, ...message, seq } as ClientCallMessage))
  }
  const greet = async (): Promise<void> => {
    const token = await options.getToken()
    const resumeToken = welcome?.resumeToken ?? null
    tell({
      type: 'hello',
      versions: [1],
      ...options.introduce,
      ...(token === undefined ? {} : { token }),
      ...(resumeToken === null ? {} : { resume: { resumeToken, lastSeq: received, lastEpoch: options.lastEpoch() } }),
    })
  }
  const forget = (seq: number): void => {
    kept = kept.filter((entry) => entry.seq > seq)
  }

  const onMessage = (message: ServerCallMessage): void => {
    switch (message.type) {
      case 'welcome':
        welcome = message
        attempt = 0
        lostAtMs = undefined
        if (!message.resumed) received = 0
        forget(message.received)
        // What waited goes first: listeners of `live` may say something new.
        for (const { text } of kept) socket?.send(text)
        setStatus('live')
        options.onWelcome(message)
        return
      case 'ack':
        return forget(message.seq)
      case 'pong':
        rttMs = Math.max(0, Math.round(clock.monotonicMs() - message.t))
        return
      case 'bye':
        bye = message.reason
        if (message.url !== undefined) url = message.url
        return
      default: {
        if (message.seq > 0 && !take(message.seq)) return
        options.onMessage(message)
      }
    }
  }
  const take = (seq: number): boolean => {
    if (seq <= received) return false
    received = seq
    unacked += 1
    if (unacked >= ackEvery) {
      unacked = 0
      tell({ type: 'ack' }, received)
    }
    return true
  }

  /** One connection, from opening to its end. Gives the code it was closed with. */
  const runOnce = async (): Promise<number> => {
    const opened = await openSocket(url, { protocols: [callProtocol], signal: ended.signal })
    socket = opened
    heardMs = clock.monotonicMs()
    bye = undefined
    let stopPings: Disposer = () => {}
    const ping = (): void => {
      if (clock.monotonicMs() - heardMs >= 2 * pingIntervalMs) return opened.close(callCloseCodes.lost, 'silence')
      tell({ type: 'ping', t: clock.monotonicMs() })
      stopPings = clock.setTimer(pingIntervalMs, ping)
    }
    try {
      await greet()
      stopPings = clock.setTimer(pingIntervalMs, ping)
      for await (const data of opened.frames) {
        heardMs = clock.monotonicMs()
        probeTimer?.()
        if (typeof data === 'string') {
          const result = parseServerCallMessage(data)
          if (result.ok) onMessage(result.message)
          else if (result.seq !== undefined && result.seq > 0) take(result.seq)
        } else {
          const frame = parseCallFrame(data)
          if (frame !== undefined && status === 'live') options.onFrame(frame)
        }
        if (ended.signal.aborted) break
      }
    } finally {
      stopPings()
      probeTimer?.()
      opened.close(callCloseCodes.ended, 'left')
    }
    return (await opened.closed).code
  }

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      let error = lost('the connection of the call ended')
      try {
        const code = await runOnce()
        const final = finalCloses.get(code)
        if (final !== undefined) {
          const { reason, code: errorCode, message = '' } = final
          const cause = errorCode && new ParleyError({ code: errorCode, message, details: { closeCode: code } })
          return finish(bye ?? reason, cause)
        }
      } catch (thrown) {
        if (ended.signal.aborted) return
        error = ParleyError.isInstance(thrown) ? thrown : lost('the connection of the call failed', thrown)
      }
      if (ended.signal.aborted) return
      if (welcome === undefined) return finish('error', error)
      lostAtMs ??= clock.monotonicMs()
      setStatus('reconnecting', error)
      const delayMs = jittered(retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)] ?? 0)
      if (clock.monotonicMs() + delayMs - lostAtMs > welcome.resumeWindowMs) return finish('lost', error)
      attempt++
      await pause(delayMs)
    }
  }
  const jittered = (delayMs: number): number => delayMs * (0.5 + ids.random() / 2)
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.setTimer(delayMs, resolve)
      retryNow = () => {
        cancel()
        resolve()
      }
    })
  run().catch((error: unknown) => finish('error', lost('the call failed', error)))

  return {
    get status() {
      return status
    },
    get rttMs() {
      return rttMs
    },
    send(message, { droppable = false } = {}) {
      if (status === 'closed' || (droppable && status !== 'live')) return
      sent += 1
      // The parts of a message, put together again.
      const text = writeCallMessage({ v: 1, ...message, seq: sent } as ClientCallMessage)
      kept.push({ seq: sent, text })
      if (kept.length > maxKept) kept.shift()
      if (status === 'live') socket?.send(text)
    },
    sendAudio(frame) {
      if (status !== 'live' || socket === undefined || socket.bufferedAmount > maxUplinkBytes) return false
      socket.send(encodeCallFrame(frame))
      return true
    },
    probe() {
      if (status === 'reconnecting') return retryNow?.()
      if (status !== 'live' || socket === undefined) return
      const probed = socket
      tell({ type: 'ping', t: clock.monotonicMs() })
      probeTimer?.()
      probeTimer = clock.setTimer(probeMs, () => probed.close(callCloseCodes.lost, 'asleep'))
    },
    hangUp(reason = 'hangup') {
      if (status === 'closed') return
      if (status === 'live') {
        sent += 1
        tell({ type: 'hangup', reason }, sent)
      }
      finish('hangup')
    },
  }
}
