import { createRateLimiter, encodeEphemeral, encodeEvent, type Peer, type WebSocketChannel } from '@parley/kit'
import {
  ParleyError,
  toWire,
  type Clock,
  type EventInput,
  type Json,
  type ParticipantId,
  type PendingRequest,
  type Room,
} from '@parley/spec'
import type { Authenticator } from '../auth/authenticate.ts'
import { holdsRight, type Principal } from '../auth/principal.ts'
import { toShownError } from '../http/problem.ts'
import { roomFor } from '../http/route.ts'
import type { RoomsService } from '../rooms-service.ts'
import { actorOf } from '../routes/acting-person.ts'
import { checkSender } from '../routes/event-routes.ts'
import { answerFor } from '../routes/request-routes.ts'
import { blockedError } from '../routes/send-reply.ts'
import { withoutUndefined } from '../routes/without-undefined.ts'
import type { ServerLimits, SocketConnection } from '../server-options.ts'
import { roomForPerson } from '../streams/for-person.ts'
import { readAlong } from '../streams/read-along.ts'
import type { RoomTails } from '../streams/room-tails.ts'
import type { ClientFrame } from '../streams/client-frames.ts'
import { closeCodeOf, closeCodes } from './close-codes.ts'
import { createRequestFrames, eventIndexOf, isAboutRequest, withPrevious } from './event-frames.ts'
import { readFrame, refOf } from './read-frame.ts'
import type { RoomPresence } from './room-presence.ts'

const pollMs = 25
const maxFaults = 10

/** What the sockets of rooms need. */
export interface RoomSocketOptions {
  rooms: RoomsService
  /** Brings participants what they may see. */
  webChannel: WebSocketChannel
  tails: RoomTails
  presence: RoomPresence
  authenticator: Authenticator
  clock: Clock
  limits: ServerLimits
  onSent(roomId: string): void
  onError(error: unknown, roomId: string): void
}

/** Who sits at a socket once it said hello. */
interface Seat {
  room: Room
  principal: Principal
  participantId: ParticipantId | undefined
}

/** Serves one room to one socket until either ends. */
export async function serveRoomSocket(options: RoomSocketOptions, connection: SocketConnection): Promise<void> {
  const { socket, signal } = connection
  const { clock, limits } = options
  const ended = new AbortController()
  void socket.closed.then(() => ended.abort())
  const onDrain = (): void => socket.close(closeCodes.restart, 'restart')
  signal.addEventListener('abort', onDrain, { once: true, signal: ended.signal })
  const send = (type: string, fields: { [key: string]: Json } = {}): void =>
    socket.send(JSON.stringify({ type, ...fields }))
  const sendError = (thrown: unknown, ref?: string): void => {
    const error = toShownError(thrown)
    if (!ParleyError.isInstance(thrown)) options.onError(thrown, connection.params['id'] ?? '')
    const { code, message, retryable, details } = error
    send('error', { code, message, retryable, details: toWire(details), ...(ref === undefined ? {} : { ref }) })
  }
  const limiter = createRateLimiter(clock, { perSecond: limits.framesPerSecond, burst: limits.frameBurst })
  const cancelHello = clock.setTimer(limits.helloTimeoutMs, () => {
    sendError(
      new ParleyError({ code: 'auth_required', message: 'The first frame must be hello, within a few seconds.' }),
    )
    socket.close(closeCodes.unauthorized, 'no hello')
  })
  let seat: Seat | undefined
  let faults = 0

  for await (const data of socket.frames) {
    if (ended.signal.aborted || signal.aborted) break
    let frame: ClientFrame
    try {
      frame = readFrame(data, limits.frameBytes)
      faults = 0
    } catch (error) {
      sendError(error, refOf(data))
      if (++faults < maxFaults) continue
      socket.close(closeCodes.faulty, 'too many faulty frames')
      break
    }
    const ref = frame.type === 'send' ? frame.idempotencyKey : frame.type === 'answer' ? frame.requestId : undefined
    const taken = await limiter.take('frames')
    if (!taken.allowed) {
      const { retryAfterMs } = taken
      sendError(
        new ParleyError({ code: 'rate_limited', message: 'Too many frames; slow down.', details: { retryAfterMs } }),
        ref,
      )
      continue
    }
    try {
      if (seat !== undefined) await handle(seat, frame)
      else if (frame.type === 'hello') seat = await takeSeat(frame)
      else
        throw new ParleyError({
          code: 'frame_invalid',
          message: 'The first frame must be hello.',
          details: { path: 'type' },
        })
    } catch (error) {
      sendError(error, ref)
      if (seat === undefined) {
        socket.close(closeCodeOf(error), 'refused')
        break
      }
    }
  }
  cancelHello()
  await socket.closed

  async function takeSeat(frame: Extract<ClientFrame, { type: 'hello' }>): Promise<Seat> {
    const principal =
      frame.token === undefined
        ? connection.principal
        : await options.authenticator.check(frame.token, connection.request)
    if (principal === undefined) {
      throw new ParleyError({ code: 'auth_required', message: 'Say who you are: send a token with hello.' })
    }
    if (!holdsRight(principal, ['rooms:read'])) {
      throw new ParleyError({
        code: 'forbidden',
        message: 'The key lacks the right rooms:read.',
        details: { rights: ['rooms:read'] },
      })
    }
    const room = await roomFor(options.rooms, connection.params['id'] ?? '', principal)
    const participantId = principal.room?.participantId ?? frame.participantId
    const participant =
      participantId === undefined
        ? undefined
        : (await options.rooms.members(room.id)).find(({ id }) => id === participantId)
    cancelHello()
    const taken: Seat = { room, principal, participantId }
    const shown = principal.room === undefined ? room : roomForPerson(room)
    send('welcome', { room: toWire(shown), participant: toWire(participant ?? null), head: room.latestIndex })
    // The web channel tells when a participant comes and goes; somebody with a key is not connected by it.
    if (participantId !== undefined)
      options.presence.enter(room.id, participantId, ended.signal, { isTold: principal.room === undefined })
    if (principal.expiresAtMs !== undefined) endAt(principal.expiresAtMs)
    await follow(taken, Math.min(frame.resumeAfter ?? room.latestIndex, room.latestIndex))
    return taken
  }

  function endAt(expiresAtMs: number): void {
    const cancel = clock.setTimer(expiresAtMs - clock.now(), () => {
      sendError(
        new ParleyError({ code: 'auth_invalid', message: 'The token has expired; connect again with a new one.' }),
      )
      socket.close(closeCodes.unauthorized, 'expired')
    })
    ended.signal.addEventListener('abort', cancel, { once: true })
  }

  /** What the person may answer, and the log: a participant's by the web channel, the host's own view for keys. */
  async function follow({ room, principal }: Seat, after: number): Promise<void> {
    const showRequests = createRequestFrames(options.rooms, principal, room.id, send)
    await showRequests()
    let cursor = after
    const sendEvent = (frame: string, index: number, previous: number): void => {
      socket.send(withPrevious(frame, previous))
      cursor = index
      if (isAboutRequest(frame)) void showRequests(frame).catch(sendError)
    }
    const person = principal.room
    if (person !== undefined) {
      const peer: Peer = {
        send(data) {
          const index = typeof data === 'string' ? eventIndexOf(data) : undefined
          if (index === undefined) socket.send(data)
          else sendEvent(String(data), index, cursor)
        },
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        close: (code, reason) => socket.close(code, reason),
      }
      const seated = await options.webChannel.connect(peer, {
        roomId: room.id,
        participantId: person.participantId,
        after,
      })
      ended.signal.addEventListener('abort', () => seated.close(), { once: true })
      if (ended.signal.aborted) seated.close()
      return
    }
    readAlong(options.tails, {
      roomId: room.id,
      reader: undefined,
      after,
      signal: ended.signal,
      isReady: () => drained(() => cursor),
      onEvent: ({ event, index }, previous) => sendEvent(encodeEvent(event), index, previous),
      onEphemeral(event) {
        if (socket.bufferedAmount <= limits.bufferedBytes) socket.send(encodeEphemeral(event))
      },
      onError(error) {
        sendError(error)
        socket.close(closeCodes.restart, 'log unreadable')
      },
    })
  }

  /** Waits for a peer that reads slowly; one that stays slow is let go, and comes back from where it was. */
  async function drained(cursor: () => number): Promise<void> {
    if (socket.bufferedAmount <= limits.bufferedBytes) return
    const deadlineMs = clock.monotonicMs() + limits.slowPeerMs
    while (socket.bufferedAmount > limits.bufferedBytes && !ended.signal.aborted) {
      if (clock.monotonicMs() >= deadlineMs) {
        socket.close(closeCodes.slow, 'too slow')
        ended.abort()
        return
      }
      await clock.sleep(pollMs)
    }
    send('resync', { from: cursor() + 1 })
  }

  async function handle(at: Seat, frame: ClientFrame): Promise<void> {
    switch (frame.type) {
      case 'hello':
        throw new ParleyError({ code: 'frame_invalid', message: 'hello comes once, first.', details: { path: 'type' } })
      case 'send':
        return sendEvent(at, frame)
      case 'typing':
        return options.presence.typing(at.room.id, writer(at), frame.isTyping)
      case 'presence':
        return options.presence.set(at.room.id, writer(at), frame.status)
      case 'read':
        await options.rooms.markRead(at.room.id, writer(at), frame.index)
        return
      case 'ack':
        return // like every frame it says that the peer lives
      case 'answer':
        await answer(at, frame)
        return
      case 'ping':
        return send('pong')
    }
  }

  async function sendEvent(at: Seat, frame: Extract<ClientFrame, { type: 'send' }>): Promise<void> {
    const { type: _type, eventType, ...input } = frame
    const event: Partial<EventInput> = withoutUndefined({ ...input, type: eventType })
    if (!holdsRight(at.principal, ['rooms:write', 'desk:answer'])) {
      throw new ParleyError({
        code: 'forbidden',
        message: 'This connection may read only.',
        details: { rights: ['rooms:write'] },
      })
    }
    checkSender(at.principal, event)
    const result = await options.rooms.send(at.room.id, { ...event, from: writer(at) })
    options.onSent(at.room.id)
    if (result.outcome === 'blocked') throw blockedError(result)
    send('ack', { idempotency_key: frame.idempotencyKey, index: result.event.index, duplicate: result.duplicate })
  }

  async function answer(at: Seat, frame: Extract<ClientFrame, { type: 'answer' }>): Promise<PendingRequest> {
    const { decision, value, reason } = frame
    const by = actorOf(at.principal, at.principal.room === undefined ? at.participantId : undefined)
    return answerFor(options.rooms, at.principal, frame.requestId, {
      decision,
      by,
      ...withoutUndefined({ value, reason }),
    })
  }
}

/** @throws {ParleyError} `forbidden` when the connection speaks for nobody */
function writer({ participantId }: Seat): ParticipantId {
  if (participantId !== undefined) return participantId
  throw new ParleyError({
    code: 'forbidden',
    message: 'This connection speaks for nobody: name a participant_id in hello.',
    details: { path: 'participant_id' },
  })
}
