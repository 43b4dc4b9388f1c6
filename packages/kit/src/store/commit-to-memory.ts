import { checkCommit, ParleyError } from '@parley/spec'
import type {
  CommitExtras,
  CommitOutcome,
  EventDraft,
  Instant,
  PendingRequest,
  Room,
  RoomEvent,
  RoomPatch,
} from '@parley/spec'

import { changeRoom, toChanges } from './change-room.ts'
import type { RoomChanges } from './change-room.ts'
import { toEvent } from './event-log.ts'
import type { MemoryFamilies } from './memory-families.ts'
import type { RoomIndex } from './room-index.ts'
import { StoredRoom } from './stored-room.ts'

/** What a commit works on. */
export interface MemoryState {
  readonly rooms: RoomIndex
  readonly families: MemoryFamilies
  /** The commit's instant. */
  readonly now: () => Instant
}

/** Writes drafts and everything with them, or nothing: all checks come before the first change. */
export function commitToMemory(
  state: MemoryState,
  roomId: string,
  drafts: readonly EventDraft[],
  also: CommitExtras | undefined,
): CommitOutcome {
  checkCommit(roomId, drafts, also)
  const known = state.rooms.get(roomId)
  if (also?.fence !== undefined && known?.isStale(also.fence) === true) return { conflict: 'fence' }
  const duplicate = findDuplicate(known, drafts)
  if (duplicate !== undefined) return { duplicate }
  if (also === undefined) {
    if (known === undefined) throw roomNotFound(roomId)
    return { events: append(state, known, drafts), room: known.room }
  }
  const plan = planExtras(state, known, roomId, also)
  if ('conflict' in plan) return plan
  const { stored, room } = plan
  // From here on nothing can fail.
  if (known === undefined) state.rooms.add(stored)
  if (room !== stored.room) {
    stored.room = room
    state.rooms.placeDue(stored)
  }
  const events = append(state, stored, drafts)
  writeExtras(state, stored, events, also)
  if (also.fence !== undefined) stored.seeFence(also.fence)
  return { events, room: stored.room }
}

/** Changes a room by a patch, outside a commit. */
export function patchInMemory(state: MemoryState, stored: StoredRoom, patch: RoomPatch): Room {
  if (patch.expectedVersion !== undefined && patch.expectedVersion !== stored.room.version)
    throw versionConflict(stored.room)
  saveRoom(state, stored, changeRoom(stored.room, toChanges(stored.room, patch), state.now()))
  writeRoster(state, stored.room.id, patch)
  return stored.room
}

/** Saves a room that may have changed. */
export function saveRoom(state: MemoryState, stored: StoredRoom, room: Room): void {
  if (room === stored.room) return
  stored.room = room
  state.rooms.placeDue(stored)
}

/** @throws {ParleyError} `room_not_found` */
export function roomNotFound(roomId: string): ParleyError {
  return new ParleyError({
    code: 'room_not_found',
    message: `There is no room ${roomId}. Create it first.`,
    details: { roomId },
  })
}

/** @throws {ParleyError} `version_conflict` */
export function versionConflict({ id, version }: Room): ParleyError {
  return new ParleyError({
    code: 'version_conflict',
    message: `Room ${id} was changed meanwhile. Read it again and repeat the change.`,
    details: { roomId: id, version },
  })
}

function findDuplicate(known: StoredRoom | undefined, drafts: readonly EventDraft[]): RoomEvent | undefined {
  const log = known?.log
  if (log === undefined) return undefined
  for (const { idempotencyKey } of drafts) {
    const duplicate = idempotencyKey === undefined ? undefined : log.byKey(idempotencyKey)
    if (duplicate !== undefined) return duplicate
  }
  return undefined
}

type Plan = { conflict: 'conversation' | 'room' | 'request' } | { stored: StoredRoom; room: Room }

/** Checks everything beside the drafts and gives the room as it will be. */
function planExtras(
  state: MemoryState,
  known: StoredRoom | undefined,
  roomId: string,
  { conversation, room: patch, effects, requests }: CommitExtras,
): Plan {
  if (patch?.create !== undefined && known !== undefined) return { conflict: 'room' }
  const stored = known ?? newRoom(state, roomId, patch?.create)
  const { room } = stored
  if (conversation !== undefined && (room.conversation?.version ?? 0) !== conversation.expectedVersion)
    return { conflict: 'conversation' }
  if (patch?.expectedVersion !== undefined && patch.expectedVersion !== room.version) return { conflict: 'room' }
  if (requests?.some((request) => !isAllowed(request, state.families.requests.find(roomId, request.id))) === true)
    return { conflict: 'request' }
  for (const { targetEventId } of effects ?? []) {
    if (stored.log?.find(targetEventId) === undefined) throw eventNotFound(roomId, targetEventId)
  }
  if (patch === undefined && conversation === undefined) return { stored, room }
  const changes: RoomChanges = patch === undefined ? {} : toChanges(room, patch)
  if (conversation !== undefined) changes.conversation = conversation.next
  return { stored, room: changeRoom(room, changes, state.now()) }
}

/** @throws {ParleyError} `event_not_found` */
export function eventNotFound(roomId: string, eventId: string): ParleyError {
  return new ParleyError({
    code: 'event_not_found',
    message: `Room ${roomId} has no event ${eventId}.`,
    details: { roomId, eventId },
  })
}

function newRoom(state: MemoryState, roomId: string, create: Room | undefined): StoredRoom {
  if (create === undefined) throw roomNotFound(roomId)
  return new StoredRoom(create, state.rooms.nextOrder)
}

/** A new request may be put, a decided one only over an open one. */
function isAllowed(request: PendingRequest, stored: PendingRequest | undefined): boolean {
  return stored === undefined ? request.status === 'open' : stored.status === 'open'
}

function append(state: MemoryState, stored: StoredRoom, drafts: readonly EventDraft[]): RoomEvent[] {
  const first = stored.latestIndex + 1
  let isActivity = false
  const events: RoomEvent[] = []
  for (const draft of drafts) {
    if (draft.status === 'committed' && draft.source.kind !== 'system') isActivity = true
    events.push(toEvent(draft, first + events.length))
  }
  if (events.length === 0) return events
  stored.append(events, isActivity ? state.now() : undefined)
  state.rooms.markDelivery(stored)
  return events
}

function writeExtras(state: MemoryState, stored: StoredRoom, events: readonly RoomEvent[], also: CommitExtras): void {
  const { families } = state
  const roomId = stored.room.id
  if (also.room !== undefined) writeRoster(state, roomId, also.room)
  for (const effect of also.effects ?? []) {
    const target = stored.log?.find(effect.targetEventId)
    const cause = events[effect.draft]
    if (target !== undefined && cause !== undefined) stored.log?.apply(effect, target, cause)
  }
  if (also.receipts !== undefined) families.receipts.append(roomId, also.receipts)
  for (const request of also.requests ?? []) families.requests.write(request)
  for (const task of also.tasks ?? []) families.tasks.write(task)
  for (const observation of also.observations ?? []) families.observations.write(observation)
}

function writeRoster({ families, now }: MemoryState, roomId: string, patch: RoomPatch): void {
  for (const binding of patch.bindings ?? []) families.bindings.write(binding)
  for (const participant of patch.participants ?? []) families.participants.write(participant)
  for (const channelId of patch.clearTombstones ?? []) families.tombstones.delete(roomId, channelId)
  for (const channelId of patch.detach ?? []) {
    families.bindings.delete(roomId, channelId)
    families.tombstones.write({ roomId, channelId, at: now() })
  }
}
