import { toParleyError } from '@parley/spec'
import type {
  Backplane,
  Clock,
  Disposer,
  EphemeralEvent,
  EphemeralInput,
  EphemeralType,
  Instant,
  Json,
  RoomId,
} from '@parley/spec'
import type { EphemeralHub, ErrorPlace } from '../core/core.ts'
import { EphemeralSubscriber } from './ephemeral-subscriber.ts'
import { LastingStates } from './lasting-states.ts'

/** What the hub stands on. */
export interface EphemeralHubOptions {
  clock: Clock
  backplane: Backplane
  now(): Instant
  reportError(thrown: unknown, place: ErrorPlace): void
  /** Tells this process's messages from those of others. */
  nodeId: string
}

/** A hub that says how much it had to drop. */
export interface CountingEphemeralHub extends EphemeralHub {
  /** Events that slow subscribers did not get. */
  readonly dropped: number
  /** Rooms, senders and subscribers that are held; 0 at rest. */
  readonly size: number
}

/** How long something stays true without being said again. */
const TYPING_MS = 6_000
const PRESENCE_MS = 45_000

interface LocalRoom {
  subscribers: Set<EphemeralSubscriber>
  unsubscribe: Disposer
}

/**
 * Makes the hub of one process. Publishing never waits and never fails: without the backplane, people on this process
 * see each other all the same. Idle rooms keep nothing; one timer looks after everything that expires.
 */
export function createEphemeralHub({
  clock,
  backplane,
  now,
  reportError,
  nodeId,
}: EphemeralHubOptions): CountingEphemeralHub {
  const rooms = new Map<RoomId, LocalRoom>()
  const typing = new LastingStates(clock, TYPING_MS)
  const presence = new LastingStates(clock, PRESENCE_MS)
  let timer: Disposer | undefined
  let isDown = false
  let dropped = 0

  const onState = backplane.onState((state) => {
    isDown = state === 'disconnected'
  })

  const tellLocally = (event: EphemeralEvent): void => {
    for (const subscriber of rooms.get(event.roomId)?.subscribers ?? []) subscriber.give(event)
  }

  const tellOthers = (event: EphemeralEvent): void => {
    if (isDown) return
    // An ephemeral event is made of JSON alone.
    const message = { nodeId, event } as unknown as Json
    try {
      backplane.publish(topicOf(event.roomId), message).catch((thrown: unknown) => failed(thrown, event.roomId))
    } catch (thrown) {
      failed(thrown, event.roomId)
    }
  }

  /** What passes by is lost to the other processes; nothing else depends on them. */
  const failed = (thrown: unknown, roomId: RoomId): void => {
    if (isDown) return
    const error = toParleyError(thrown, {
      code: 'backplane_unavailable',
      message: `The backplane failed, so typing, presence and live text of room ${roomId} reach this process alone. Look at the cause.`,
      details: { roomId },
    })
    reportError(error, { stage: 'backplane', roomId })
  }

  const listen = (roomId: RoomId): Disposer => {
    try {
      return backplane.subscribe(topicOf(roomId), hear)
    } catch (thrown) {
      failed(thrown, roomId)
      return () => {}
    }
  }

  const hear = (message: Json): void => {
    const event = eventOf(message, nodeId)
    if (event === undefined) return
    const known = event.type === 'presence' ? presence.get(event.roomId, event.from) : undefined
    track(event)
    // A renewal is no news.
    if (known === undefined || statusOf(known.data) !== statusOf(event.data)) tellLocally(event)
  }

  /** Takes note of what will end by itself. */
  const track = (event: EphemeralEvent): void => {
    const { type, roomId, from, data } = event
    if (type === 'typingStarted') typing.put(event)
    else if (type === 'typingStopped') typing.take(roomId, from)
    else if (type === 'presence' && statusOf(data) === 'offline') presence.take(roomId, from)
    else if (type === 'presence') presence.put(event)
    else return
    schedule()
  }

  const schedule = (): void => {
    const nextMs = Math.min(typing.nextMs, presence.nextMs)
    if (nextMs === Infinity) {
      timer?.()
      timer = undefined
    } else timer ??= clock.setTimer(Math.max(0, nextMs - clock.monotonicMs()), expire)
  }

  const expire = (): void => {
    timer = undefined
    // Every process sees to it for its own members.
    for (const event of [...typing.takeExpired(), ...presence.takeExpired()]) tellLocally(endOf(event, now()))
    schedule()
  }

  const end = (event: EphemeralEvent | undefined): void => {
    if (event === undefined) return
    const ending = endOf(event, now())
    tellLocally(ending)
    tellOthers(ending)
    schedule()
  }

  return {
    publish(roomId, input) {
      const event = toEvent(roomId, input, now())
      track(event)
      tellLocally(event)
      tellOthers(event)
    },
    subscribe(roomId, listener, { types } = {}) {
      const subscriber = new EphemeralSubscriber(listener, types, {
        error: (thrown) => reportError(thrown, { stage: 'ephemeral', roomId }),
        dropped: () => {
          dropped += 1
        },
      })
      let room = rooms.get(roomId)
      if (room === undefined) {
        room = { subscribers: new Set(), unsubscribe: listen(roomId) }
        rooms.set(roomId, room)
      }
      const { subscribers, unsubscribe } = room
      subscribers.add(subscriber)
      return () => {
        subscriber.close()
        if (!subscribers.delete(subscriber) || subscribers.size > 0) return
        unsubscribe()
        if (rooms.get(roomId)?.subscribers === subscribers) rooms.delete(roomId)
      }
    },
    ended(roomId, from) {
      end(typing.take(roomId, from))
      end(presence.take(roomId, from))
    },
    endTyping: (roomId, from) => end(typing.take(roomId, from)),
    renew(roomId, from) {
      const event = presence.get(roomId, from)
      if (event === undefined) return
      presence.put(event)
      tellOthers(event)
    },
    present: (roomId) => presence.ofRoom(roomId),
    close() {
      timer?.()
      timer = undefined
      onState()
      typing.clear()
      presence.clear()
      for (const { subscribers, unsubscribe } of rooms.values()) {
        unsubscribe()
        for (const subscriber of subscribers) subscriber.close()
      }
      rooms.clear()
    },
    get dropped() {
      return dropped
    },
    get size() {
      return rooms.size + typing.size + presence.size
    },
  }
}

function toEvent(
  roomId: RoomId,
  { type, from, data = null, visibility = 'all', channelId }: EphemeralInput,
  at: Instant,
): EphemeralEvent {
  const event: EphemeralEvent = { roomId, type, from, at, visibility, data }
  if (channelId !== undefined) event.channelId = channelId
  return event
}

function endOf({ type: what, roomId, from, visibility, channelId }: EphemeralEvent, at: Instant): EphemeralEvent {
  const isTyping = what === 'typingStarted'
  const type: EphemeralType = isTyping ? 'typingStopped' : 'presence'
  const ending: EphemeralEvent = { roomId, type, from, at, visibility, data: isTyping ? null : { status: 'offline' } }
  if (channelId !== undefined) ending.channelId = channelId
  return ending
}

function statusOf(data: Json): Json | undefined {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? data['status'] : undefined
}

function topicOf(roomId: RoomId): string {
  return `ephemeral:${roomId}`
}

/** A message of another process; what does not have the shape of one is left alone. */
function eventOf(message: Json, ownNodeId: string): EphemeralEvent | undefined {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined
  const { nodeId, event } = message
  if (nodeId === ownNodeId || typeof event !== 'object' || event === null || Array.isArray(event)) return undefined
  if (typeof event['type'] !== 'string' || typeof event['from'] !== 'string' || typeof event['roomId'] !== 'string')
    return undefined
  // Only hubs publish on this topic; its three keys were looked at above.
  return event as unknown as EphemeralEvent
}
