import { checkMetadataKeys, saveConversation } from '@parley/spec'
import type { ConversationStateJson, Instant, Json, Room, RoomPatch } from '@parley/spec'

import { jsonEqual } from './json-equal.ts'

/** New values of a room's fields; an absent field stays, `undefined` removes an optional one. */
export type RoomChanges = {
  [Key in 'status' | 'metadata' | 'timers' | 'agentResponsePolicy' | 'sessionId' | 'orchestration' | 'conversation']?:
    | Room[Key]
    | undefined
}

/** The values a patch gives a room's fields. @throws {ParleyError} `invalid_options` for a metadata key that starts with `_` */
export function toChanges(room: Room, patch: RoomPatch): RoomChanges {
  const changes: RoomChanges = {}
  if (patch.status !== undefined) changes.status = patch.status
  if (patch.timers !== undefined) changes.timers = patch.timers
  if (patch.agentResponsePolicy !== undefined) changes.agentResponsePolicy = patch.agentResponsePolicy
  if (patch.sessionId !== undefined) changes.sessionId = patch.sessionId
  if (patch.orchestration !== undefined) changes.orchestration = patch.orchestration
  if (patch.metadata !== undefined) changes.metadata = mergeMetadata(room.metadata, patch.metadata)
  return changes
}

/**
 * A room with new values. Its version rises by one if anything that a version counts is different, else it is the same
 * object. Instants of status changes are set here.
 */
export function changeRoom(room: Room, changes: RoomChanges, now: Instant): Room {
  const next: Room = { ...room }
  let isCounted = false
  if (changes.status !== undefined && changes.status !== room.status) {
    setStatus(next, changes.status, now)
    isCounted = true
  }
  if (changes.metadata !== undefined && !jsonEqual(changes.metadata, room.metadata)) {
    checkMetadataKeys(changes.metadata)
    next.metadata = changes.metadata
    isCounted = true
  }
  if (changes.timers !== undefined && !jsonEqual(changes.timers, room.timers)) {
    next.timers = changes.timers
    isCounted = true
  }
  if (changes.agentResponsePolicy !== undefined && changes.agentResponsePolicy !== room.agentResponsePolicy) {
    next.agentResponsePolicy = changes.agentResponsePolicy
    isCounted = true
  }
  if ('orchestration' in changes && !jsonEqual(changes.orchestration, room.orchestration)) {
    setOrRemove(next, 'orchestration', changes.orchestration)
    isCounted = true
  }
  if ('conversation' in changes && !jsonEqual(changes.conversation, room.conversation)) {
    setOrRemove(next, 'conversation', toSaved(changes.conversation, room, now))
    isCounted = true
  }
  if (!isCounted && (!('sessionId' in changes) || changes.sessionId === room.sessionId)) return room
  if ('sessionId' in changes) setOrRemove(next, 'sessionId', changes.sessionId)
  if (isCounted) next.version = room.version + 1
  next.updatedAt = now
  return next
}

function mergeMetadata(
  metadata: Record<string, Json>,
  { set = {}, unset = [] }: { set?: Record<string, Json>; unset?: string[] },
): Record<string, Json> {
  checkMetadataKeys(set)
  const merged = { ...metadata, ...set }
  for (const key of unset) delete merged[key]
  return merged
}

function setStatus(room: Room, status: Room['status'], now: Instant): void {
  room.status = status
  if (status === 'paused') room.pausedAt = now
  if (status === 'closed') room.closedAt = now
  if (status === 'active') {
    delete room.pausedAt
    delete room.closedAt
  }
}

function setOrRemove<Key extends 'orchestration' | 'conversation' | 'sessionId'>(
  room: Room,
  key: Key,
  value: Room[Key] | undefined,
): void {
  if (value === undefined) delete room[key]
  else room[key] = value
}

function toSaved(next: ConversationStateJson | undefined, room: Room, now: Instant): ConversationStateJson | undefined {
  return next === undefined ? undefined : saveConversation(next, room.conversation?.version ?? 0, now)
}
