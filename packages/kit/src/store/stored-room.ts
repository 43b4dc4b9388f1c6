import type { FencingToken, Instant, Room, RoomEvent } from '@parley/spec'

import { deepFreeze } from './deep-freeze.ts'
import type { Due } from './due-heap.ts'
import { EventLog } from './event-log.ts'

/**
 * One room in memory. Counters live here and are folded into the frozen `room` when it is asked for; an idle room has
 * no log, map or listener.
 */
export class StoredRoom implements Due {
  dueMs = 0
  heapIndex = -1
  readonly order: number
  log: EventLog | undefined
  #room: Room
  #deliveredIndex: number
  #fenceKey: string | undefined
  #fenceValue = 0
  #otherFences: Map<string, number> | undefined

  constructor(room: Room, order: number) {
    this.order = order
    this.#room = share({ ...room, eventCount: 0, latestIndex: -1, deliveredIndex: -1 })
    this.#deliveredIndex = -1
  }

  get room(): Room {
    if (this.#room.deliveredIndex !== this.#deliveredIndex) {
      this.#room = Object.freeze({ ...this.#room, deliveredIndex: this.#deliveredIndex })
    }
    return this.#room
  }

  /** Takes a changed copy; counters, indexes and the last activity stay the store's own. */
  set room(changed: Room) {
    const { eventCount, latestIndex, lastActivityAt } = this.#room
    this.#room = share({ ...changed, eventCount, latestIndex, lastActivityAt, deliveredIndex: this.#deliveredIndex })
  }

  get latestIndex(): number {
    return this.#room.latestIndex
  }

  get isDelivered(): boolean {
    return this.#deliveredIndex >= this.#room.latestIndex
  }

  /** Adds events that continue the log. */
  append(events: readonly RoomEvent[], activityAt: Instant | undefined): void {
    this.log ??= new EventLog()
    this.log.append(events)
    const room = this.#room
    this.#room = Object.freeze({
      ...room,
      eventCount: room.eventCount + events.length,
      latestIndex: room.latestIndex + events.length,
      deliveredIndex: this.#deliveredIndex,
      lastActivityAt: activityAt ?? room.lastActivityAt,
    })
  }

  advanceDelivered(from: number, to: number): boolean {
    if (this.#deliveredIndex !== from || to < from || to > this.#room.latestIndex) return false
    this.#deliveredIndex = to
    return true
  }

  isStale({ key, value }: FencingToken): boolean {
    const last = key === this.#fenceKey ? this.#fenceValue : this.#otherFences?.get(key)
    return last !== undefined && value < last
  }

  seeFence({ key, value }: FencingToken): void {
    this.#fenceKey ??= key
    if (key === this.#fenceKey) this.#fenceValue = value
    else (this.#otherFences ??= new Map()).set(key, value)
  }
}

const noFields = Object.freeze({})

/** Freezes a room; what most rooms have empty is one shared object. */
function share(room: Room): Room {
  if (Object.keys(room.metadata).length === 0) room.metadata = noFields
  if (Object.keys(room.timers).length === 0) room.timers = noFields
  if (room.updatedAt === room.createdAt) room.updatedAt = room.createdAt
  if (room.lastActivityAt === room.createdAt) room.lastActivityAt = room.createdAt
  return deepFreeze(room)
}
