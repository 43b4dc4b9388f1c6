import {
  ConversationState,
  ParleyError,
  type CommitExtras,
  type EventDraft,
  type Json,
  type Room,
  type RoomPatch,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { inRoom } from './in-room.ts'
import { redactEvent } from './read-log.ts'
import type { FacadeWrites } from './store-facade.ts'
import { jsonEqual } from '../store/json-equal.ts'

/** Saving a room by the store's facade: under its lock, with the records of what changed. */
export function facadeWrites(parts: KitParts): FacadeWrites {
  return {
    createRoom: (room) => parts.store.createRoom(room),
    redact: (roomId, eventId, redacted) => redactEvent(parts, roomId, eventId, redacted),
    updateRoom: (given) =>
      inRoom(parts, given.id, async (open) => {
        if (given.version !== open.room.version) throw stale(open.room)
        return save(parts, open, differences(open.room, given), given)
      }),
    patchRoom: (roomId, patch) => inRoom(parts, roomId, (open) => save(parts, open, patch, undefined)),
  }
}

async function save(
  parts: KitParts,
  open: Parameters<Parameters<typeof inRoom<Room>>[2]>[0],
  patch: RoomPatch,
  given: Room | undefined,
): Promise<Room> {
  const also: CommitExtras = { room: patch }
  const drafts: EventDraft[] = []
  if (patch.status !== undefined && patch.status !== open.room.status)
    drafts.push(statusDraft(parts, open.room, patch.status))
  if (given?.conversation !== undefined) {
    const before = open.state()
    const next = ConversationState.parse(given.conversation)
    if (!jsonEqual(before.toJSON(), next.toJSON())) {
      also.conversation = { expectedVersion: before.version, next: { ...next.toJSON(), version: before.version + 1 } }
      drafts.push(...parts.orchestration.stateRecords(open.room, before, next))
    }
  }
  const isEnding = patch.status === 'closed' || patch.status === 'archived'
  const outcome = await open.commit(drafts, also, { closing: isEnding })
  if ('conflict' in outcome) throw stale(open.room)
  return open.room
}

/** Only what a caller may set: counters and indexes are the store's own. */
function differences(before: Room, after: Room): RoomPatch {
  const patch: RoomPatch = { expectedVersion: before.version }
  if (after.status !== before.status) patch.status = after.status
  if (!jsonEqual(after.metadata, before.metadata)) {
    patch.metadata = {
      set: after.metadata,
      unset: Object.keys(before.metadata).filter((key) => !(key in after.metadata)),
    }
  }
  if (!jsonEqual(after.timers, before.timers)) patch.timers = after.timers
  if (after.agentResponsePolicy !== before.agentResponsePolicy) patch.agentResponsePolicy = after.agentResponsePolicy
  if (after.sessionId !== undefined && after.sessionId !== before.sessionId) patch.sessionId = after.sessionId
  if (after.orchestration !== undefined && !jsonEqual(after.orchestration, before.orchestration))
    patch.orchestration = after.orchestration
  return patch
}

function statusDraft(parts: KitParts, room: Room, status: Room['status']): EventDraft {
  const types = {
    active: room.status === 'closed' ? 'roomReopened' : 'roomResumed',
    paused: 'roomPaused',
    closed: 'roomClosed',
    archived: 'roomArchived',
  } as const
  const data: Json = { cause: 'host', from: room.status, to: status }
  return parts.systemDraft(room, {
    type: types[status],
    content: { type: 'system', code: `room_${status}`, text: `The room is ${status}.`, data },
    visibility: 'all',
  })
}

function stale(room: Room): ParleyError {
  return new ParleyError({
    code: 'version_conflict',
    message: `Room ${room.id} was changed since it was read. Read it again and repeat.`,
    details: { roomId: room.id, version: room.version },
  })
}
