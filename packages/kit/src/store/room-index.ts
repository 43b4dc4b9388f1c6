import type { ChannelBinding, ChannelType, Participant, Room, RoomFilter, RoomStatus } from '@parley/spec'
import { pageLimit, parseCursor } from '@parley/spec'

import { nextDueMs } from '../rooms/due-transitions.ts'
import { DueHeap } from './due-heap.ts'
import type { StoredRoom } from './stored-room.ts'

/** All rooms, and the ways to find them other than by id. */
export class RoomIndex {
  readonly #byId = new Map<string, StoredRoom>()
  readonly #inOrder: StoredRoom[] = []
  readonly #byChannel = new Map<string, Set<string>>()
  readonly #byParticipant = new Map<string, Set<string>>()
  readonly #due = new DueHeap<StoredRoom>()
  readonly #undelivered = new Set<StoredRoom>()

  get nextOrder(): number {
    return this.#inOrder.length
  }

  get(id: string): StoredRoom | undefined {
    return this.#byId.get(id)
  }

  add(stored: StoredRoom): void {
    this.#byId.set(stored.room.id, stored)
    this.#inOrder.push(stored)
    this.placeDue(stored)
  }

  /** To be called after a change of status or timers. Later activity needs no call: it only moves the instant back. */
  placeDue(stored: StoredRoom): void {
    const dueMs = nextDueMs(stored.room)
    if (dueMs === undefined) {
      this.#due.remove(stored)
      return
    }
    stored.dueMs = dueMs
    this.#due.place(stored)
  }

  due(nowMs: number, limit: number): Room[] {
    const found: StoredRoom[] = []
    for (let first = this.#due.first; first !== undefined && first.dueMs <= nowMs; first = this.#due.first) {
      const trueMs = nextDueMs(first.room)
      if (trueMs !== undefined && trueMs > first.dueMs) {
        first.dueMs = trueMs
        this.#due.place(first)
        continue
      }
      if (found.length >= limit) break
      this.#due.remove(first)
      found.push(first)
    }
    for (const stored of found) this.#due.place(stored)
    return found.map((stored) => stored.room)
  }

  markDelivery(stored: StoredRoom): void {
    if (stored.isDelivered) this.#undelivered.delete(stored)
    else this.#undelivered.add(stored)
  }

  undelivered(limit: number): Room[] {
    const found: Room[] = []
    for (const stored of this.#undelivered) {
      if (found.length >= limit) break
      found.push(stored.room)
    }
    return found
  }

  noteBinding(before: ChannelBinding | undefined, after: ChannelBinding | undefined): void {
    note(this.#byChannel, before, before?.channelId, after, after?.channelId)
  }

  noteParticipant(before: Participant | undefined, after: Participant | undefined): void {
    note(this.#byParticipant, before, before?.id, after, after?.id)
  }

  byChannel(query: { channelId: string; statuses?: RoomStatus[]; organizationId?: string; limit?: number }): Room[] {
    const { channelId, statuses, organizationId } = query
    const limit = pageLimit(query.limit)
    const found: Room[] = []
    for (const roomId of this.#byChannel.get(channelId) ?? []) {
      if (found.length >= limit) break
      const room = this.#byId.get(roomId)?.room
      if (room === undefined) continue
      if (statuses !== undefined && !statuses.includes(room.status)) continue
      if (organizationId === undefined || room.organizationId === organizationId) found.push(room)
    }
    return found
  }

  /** The latest active or paused room of a participant that passes. */
  latestOf(participantId: string, organizationId: string | undefined, takesPart: (room: Room) => boolean): Room | null {
    let latest: StoredRoom | undefined
    for (const roomId of this.#byParticipant.get(participantId) ?? []) {
      const stored = this.#byId.get(roomId)
      if (stored === undefined) continue
      const { room } = stored
      if (room.status !== 'active' && room.status !== 'paused') continue
      if (organizationId !== undefined && room.organizationId !== organizationId) continue
      if (latest !== undefined && !isLater(stored, latest)) continue
      if (takesPart(room)) latest = stored
    }
    return latest?.room ?? null
  }

  find(filter: RoomFilter): { items: Room[]; next?: string } {
    const limit = pageLimit(filter.limit)
    const items: Room[] = []
    for (let order = parseCursor(filter.after) + 1; order < this.#inOrder.length; order++) {
      const room = this.#inOrder[order]?.room
      if (room === undefined || !passes(room, filter)) continue
      if (items.length >= limit) return { items, next: String(this.#byId.get(items.at(-1)?.id ?? '')?.order ?? order) }
      items.push(room)
    }
    return { items }
  }
}

function isLater(a: StoredRoom, b: StoredRoom): boolean {
  if (a.room.lastActivityAt !== b.room.lastActivityAt) return a.room.lastActivityAt > b.room.lastActivityAt
  return a.order > b.order
}

function passes(room: Room, { organizationId, status, parentRoomId, mode }: RoomFilter): boolean {
  if (organizationId !== undefined && room.organizationId !== organizationId) return false
  if (status !== undefined && room.status !== status) return false
  if (parentRoomId !== undefined && room.parentRoomId !== parentRoomId) return false
  return mode === undefined || (room.conversation?.mode ?? 'agent') === mode
}

/** Keeps a map from key to room ids in step with a record that came, changed or left. */
function note(
  index: Map<string, Set<string>>,
  before: { roomId: string } | undefined,
  beforeKey: string | undefined,
  after: { roomId: string } | undefined,
  afterKey: string | undefined,
): void {
  if (before !== undefined && beforeKey !== undefined && after === undefined) {
    const rooms = index.get(beforeKey)
    rooms?.delete(before.roomId)
    if (rooms?.size === 0) index.delete(beforeKey)
  }
  if (before !== undefined || after === undefined || afterKey === undefined) return
  const rooms = index.get(afterKey)
  if (rooms === undefined) index.set(afterKey, new Set([after.roomId]))
  else rooms.add(after.roomId)
}

/** Whether a participant came by a channel of a type. */
export function cameBy(
  participant: Participant,
  bindings: readonly ChannelBinding[],
  channelType: ChannelType,
): boolean {
  const ids = [participant.channelId, ...participant.connectedVia]
  return bindings.some((binding) => binding.channelType === channelType && ids.includes(binding.channelId))
}
