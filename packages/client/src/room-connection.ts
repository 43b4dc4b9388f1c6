import {
  ParleyError,
  toWire,
  type Clock,
  type Content,
  type Disposer,
  type EphemeralEvent,
  type EventInput,
  type IdSource,
  type Json,
  type Participant,
  type ParticipantId,
  type PendingRequest,
  type Room,
  type RoomEvent,
  type RoomId,
  type Socket,
  type SocketFactory,
} from '@parley/spec'
import { createEventHub } from './event-hub.ts'
import { lost, type TokenSource } from './http-client.ts'
import { createPendingSends, type PendingSend } from './pending-sends.ts'
import type { RoomsClient } from './rooms-client.ts'
import { parseServerFrame, type OutputDelta, type ServerFrame } from './server-frames.ts'

const retryDelaysMs = [250, 500, 1_000, 2_000, 4_000]
const pingIntervalMs = 25_000
const silenceMs = 60_000
/** A frame was larger than the server reads at all. */
const tooLargeCode = 1009
/** Ends that trying again does not change, each with what to do. */
const finalCloses: ReadonlyMap<number, { code: ParleyError['code']; message: string }> = new Map([
  [
    4400,
    {
      code: 'frame_invalid',
      message:
        'The server closed the connection for good: it could not read several frames in a row. Use a client of its version.',
    },
  ],
  [
    4403,
    {
      code: 'forbidden',
      message:
        'The server closed the connection for good: this token does not open the room. Join the room for a token of its own.',
    },
  ],
  [
    4404,
    {
      code: 'room_not_found',
      message: 'The server closed the connection for good: the room is not there, or not for this token. Check its id.',
    },
  ],
])
const unauthorizedCode = 4401
const maxRefusals = 3
const protocol = 'parley.room.v1'

export type ConnectionStatus = 'connecting' | 'live' | 'reconnecting' | 'closed'

/** What happens on a connection. */
export type RoomUpdate =
  | { type: 'event'; event: RoomEvent }
  | { type: 'delta'; delta: OutputDelta }
  | { type: 'ephemeral'; event: Pick<EphemeralEvent, 'type' | 'from' | 'at' | 'data'> }
  | { type: 'request'; request: PendingRequest }
  | { type: 'requestClosed'; requestId: string; status: string; by?: Json }
  | { type: 'pending'; send: PendingSend; error?: ParleyError }
  | { type: 'status'; status: ConnectionStatus; attempt: number; error?: ParleyError }
  | { type: 'error'; error: ParleyError }

/** A room, live: its log without gap or repeat, and what passes by. */
export interface RoomConnection {
  readonly roomId: RoomId
  readonly status: ConnectionStatus
  /** As of the last welcome; undefined before the first. */
  readonly room: Room | undefined
  readonly participant: Participant | undefined
  /** The last event received; -1 before the first. */
  readonly lastIndex: number
  readonly pending: readonly PendingSend[]
  /** Everything that happens, for one consumer. */
  readonly events: AsyncIterable<RoomUpdate>
  on<Type extends RoomUpdate['type']>(
    type: Type,
    listener: (update: Extract<RoomUpdate, { type: Type }>) => void,
  ): Disposer
  /** Sends at once, or as soon as the connection is back: with the same key, so never twice. */
  send(input: string | RoomSendInput, options?: { idempotencyKey?: string }): PendingSend
  typing(isTyping?: boolean): void
  presence(status: 'online' | 'away' | 'offline'): void
  markRead(index?: number): void
  /** Answers a request of this room; it closes with `requestClosed`, a refusal comes as `error`. */
  answer(requestId: string, answer: { decision: 'approve' | 'reject' | 'answer'; value?: Json; reason?: string }): void
  /** Tries again at once, such as when the network is back. */
  reconnect(): void
  close(): void
  [Symbol.dispose](): void
}

/** What may be said of a message on a connection. */
export interface RoomSendInput extends Pick<EventInput, 'addressedTo' | 'parentEventId' | 'metadata'> {
  text?: string
  content?: Content
  type?: 'message' | 'edit' | 'delete' | 'reaction' | 'dtmf' | 'note'
  visibility?: 'all' | 'intelligence' | 'internal'
}

/** What a connection is made with. */
export interface RoomConnectionOptions {
  roomId: RoomId
  /** The socket's address. */
  url: string
  getToken: TokenSource
  after: number
  participantId?: ParticipantId | undefined
  rooms: Pick<RoomsClient, 'events'>
  openSocket: SocketFactory
  clock: Clock
  ids: IdSource
}

/** Connects to a room and stays connected until `close`, or until the server says that there is no coming back. */
export function connectRoom(options: RoomConnectionOptions): RoomConnection {
  const { roomId, clock, ids } = options
  const hub = createEventHub<RoomUpdate>((error) => {
    // A listener's own failure is the application's; it is told where uncaught ones are.
    queueMicrotask(() => {
      throw error
    })
  })
  const sends = createPendingSends((send, error) =>
    hub.emit({ type: 'pending', send, ...(error === undefined ? {} : { error }) }),
  )
  const ended = new AbortController()
  let status: ConnectionStatus = 'connecting'
  let room: Room | undefined
  let participant: Participant | undefined
  let lastIndex = options.after
  let socket: Socket | undefined
  let attempt = 0
  let refusals = 0
  let retryNow: (() => void) | undefined
  const timers = new Set<Disposer>()

  const setStatus = (next: ConnectionStatus, error?: ParleyError): void => {
    status = next
    hub.emit({ type: 'status', status, attempt, ...(error === undefined ? {} : { error }) })
  }
  const sendFrame = (type: string, fields: object = {}): void => {
    if (status === 'live') socket?.send(frameOf(type, fields))
  }
  const finish = (error?: ParleyError): void => {
    if (ended.signal.aborted) return
    ended.abort()
    for (const dispose of timers) dispose()
    sends.abandon(error ?? lost('the connection was closed'))
    socket?.close(1000, 'closed')
    setStatus('closed', error)
    retryNow?.()
    hub.close()
  }

  const take = (event: RoomEvent): void => {
    if (event.index <= lastIndex) return
    lastIndex = event.index
    hub.emit({ type: 'event', event })
  }
  /** Reads what is missing before an index from the log: the socket skipped it. */
  const fillGap = async (before: number): Promise<void> => {
    let after: number | undefined = lastIndex
    while (after !== undefined && !ended.signal.aborted) {
      const page: Awaited<ReturnType<RoomsClient['events']>> = await options.rooms.events(
        roomId,
        { after, before, limit: 200 },
        { signal: ended.signal },
      )
      for (const event of page.events) take(event)
      after = page.next
    }
  }

  const onFrame = async (frame: ServerFrame): Promise<void> => {
    switch (frame.type) {
      case 'welcome':
        room = frame.room
        participant = frame.participant ?? undefined
        attempt = 0
        refusals = 0
        setStatus('live')
        for (const pending of sends.frames()) socket?.send(pending)
        return
      case 'event':
        if (frame.after > lastIndex) await fillGap(frame.index)
        return take(frame.event)
      case 'ack':
        return sends.accepted(frame.idempotencyKey, frame.index, frame.duplicate)
      case 'error':
        return onError(frame.error, frame.ref)
      case 'delta':
      case 'ephemeral':
      case 'request':
      case 'requestClosed':
        return hub.emit(frame)
      case 'resync':
      case 'pong':
        return
    }
  }

  const onError = (error: ParleyError, ref: string | undefined): void => {
    const pending = ref === undefined ? undefined : sends.frameOf(ref)
    if (ref === undefined || pending === undefined) return hub.emit({ type: 'error', error })
    if (!error.retryable) return sends.refused(ref, error)
    const { retryAfterMs } = error.details
    const dispose = clock.setTimer(typeof retryAfterMs === 'number' ? retryAfterMs : 1_000, () => {
      timers.delete(dispose)
      const again = sends.frameOf(ref)
      if (again !== undefined && status === 'live') socket?.send(again)
    })
    timers.add(dispose)
  }

  /** One connection, from opening to its end. Gives the code it was closed with. */
  const runOnce = async (): Promise<number> => {
    const token = await options.getToken()
    socket = await options.openSocket(options.url, { protocols: [protocol], signal: ended.signal })
    socket.send(frameOf('hello', { token, resumeAfter: lastIndex, participantId: options.participantId }))
    let heardMs = clock.monotonicMs()
    let disarm: Disposer = () => {}
    const check = (): void => {
      if (clock.monotonicMs() - heardMs >= silenceMs) return socket?.close(4000, 'silence')
      sendFrame('ping')
      disarm = clock.setTimer(pingIntervalMs, check)
    }
    disarm = clock.setTimer(pingIntervalMs, check)
    try {
      for await (const data of socket.frames) {
        heardMs = clock.monotonicMs()
        const frame = parseServerFrame(data)
        if (frame !== undefined) await onFrame(frame)
        if (ended.signal.aborted) break
      }
    } finally {
      disarm()
      socket.close(1000, 'left')
    }
    return (await socket.closed).code
  }

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      let error = lost('the connection ended')
      try {
        const code = await runOnce()
        const final = finalCloses.get(code)
        if (final !== undefined) return finish(new ParleyError({ ...final, details: { closeCode: code } }))
        if (code === tooLargeCode) sends.refuseLargest(tooLarge())
        if (code === unauthorizedCode && ++refusals >= maxRefusals) {
          return finish(
            new ParleyError({ code: 'auth_invalid', message: 'The token was refused. Join the room again.' }),
          )
        }
      } catch (thrown) {
        if (ended.signal.aborted) return
        error = ParleyError.isInstance(thrown) ? thrown : lost('the connection failed', thrown)
      }
      if (ended.signal.aborted) return
      setStatus('reconnecting', error)
      await pause(jittered(retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)] ?? 0))
      attempt++
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
  run().catch((error: unknown) => finish(lost('the connection failed', error)))

  return {
    roomId,
    get status() {
      return status
    },
    get room() {
      return room
    },
    get participant() {
      return participant
    },
    get lastIndex() {
      return lastIndex
    },
    get pending() {
      return sends.list()
    },
    events: hub.events,
    on: (type, listener) => hub.on(type, listener),
    send(input, { idempotencyKey = ids.next('send') } = {}) {
      if (status === 'closed') throw over()
      if (typeof input !== 'string' && (typeof input !== 'object' || input === null)) throw noMessage()
      const {
        text,
        content = { type: 'text', text: text ?? '' },
        type: eventType,
        ...rest
      } = typeof input === 'string' ? { text: input } : input
      const frame = frameOf('send', { idempotencyKey, ...rest, content, eventType })
      const isNew = sends.frameOf(idempotencyKey) === undefined
      const send = sends.add(idempotencyKey, toWire(content), frame)
      if (isNew && status === 'live') socket?.send(frame)
      return send
    },
    typing: (isTyping = true) => sendFrame('typing', { isTyping }),
    presence: (next) => sendFrame('presence', { status: next }),
    markRead: (index = lastIndex) => {
      if (index >= 0) sendFrame('read', { index })
    },
    answer: (requestId, answer) => sendFrame('answer', { requestId, ...answer }),
    reconnect: () => retryNow?.(),
    close: () => finish(),
    [Symbol.dispose]: () => finish(),
  }
}

function over(): ParleyError {
  return new ParleyError({
    code: 'connection_lost',
    message: 'This connection has ended and sends nothing more. Join the room again with client.joinRoom().',
    retryable: false,
  })
}

function tooLarge(): ParleyError {
  return new ParleyError({
    code: 'body_too_large',
    message: 'The message is too large for the connection. Send it in parts, or by HTTP with client.rooms.send().',
  })
}

function noMessage(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'connection.send() takes a text, or an object with text or content.',
    details: { path: 'input', expected: 'a text or an object' },
  })
}

function frameOf(type: string, fields: object): string {
  return JSON.stringify(toWire({ type, ...fields }))
}
