import {
  checkOptions,
  ParleyError,
  roomTimersSchema,
  type AgentResponsePolicy,
  type EventDraft,
  type Json,
  type Room,
  type RoomId,
  type RoomPatch,
  type RoomTimers,
} from '@parley/spec'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import type { HookTrigger } from '../hooks/hook-map.ts'
import { checkMetadata } from '../inbound/check-content.ts'
import { roomEnded, type OpenRoom } from './commit-to-log.ts'
import { inRoom } from './in-room.ts'

/** Why a room changed, for its record. */
export interface LifecycleOptions extends InRoomOptions {
  reason?: string
  cause?: 'timer' | 'host'
}

type Change = 'roomPaused' | 'roomResumed' | 'roomClosed' | 'roomReopened' | 'roomArchived'

const changes: Record<
  Change,
  { status: Room['status']; code: string; text: string; hook: HookTrigger & `onRoom${string}` }
> = {
  roomPaused: { status: 'paused', code: 'room_paused', text: 'The room is paused.', hook: 'onRoomPaused' },
  roomResumed: { status: 'active', code: 'room_resumed', text: 'The room is active again.', hook: 'onRoomResumed' },
  roomClosed: { status: 'closed', code: 'room_closed', text: 'The room was closed.', hook: 'onRoomClosed' },
  roomReopened: { status: 'active', code: 'room_reopened', text: 'The room was opened again.', hook: 'onRoomReopened' },
  roomArchived: { status: 'archived', code: 'room_archived', text: 'The room was archived.', hook: 'onRoomArchived' },
}

/** The record of a change of a room's status. */
function changeDraft(
  parts: KitParts,
  room: Room,
  change: Change,
  { reason, cause = 'host' }: LifecycleOptions,
): EventDraft {
  const { code, text } = changes[change]
  const data: Json = { cause, ...(reason === undefined ? {} : { reason }) }
  return parts.systemDraft(room, { type: change, content: { type: 'system', code, text, data }, visibility: 'all' })
}

async function commitChange(parts: KitParts, open: OpenRoom, change: Change, options: LifecycleOptions): Promise<Room> {
  const draft = changeDraft(parts, open.room, change, options)
  const isClosing = change === 'roomClosed'
  const ending = isClosing ? await parts.requests.cancelAll(open.room) : undefined
  const patch: RoomPatch = { status: changes[change].status }
  const also =
    ending === undefined || ending.requests.length === 0 ? { room: patch } : { room: patch, requests: ending.requests }
  const outcome = await open.commit([...(ending?.drafts ?? []), draft], also, {
    closing: isClosing || change === 'roomArchived',
  })
  if ('conflict' in outcome) throw conflicting(open.room)
  ending?.committed()
  const { room } = open
  open.later(() => fireChange(parts, room, change, options.reason))
  return open.room
}

function fireChange(parts: KitParts, room: Room, change: Change, reason: string | undefined): void {
  const { hook } = changes[change]
  parts.hooks.fire(hook, reason === undefined ? { room } : { room, reason }, { roomId: room.id })
}

function conflicting(room: Room): ParleyError {
  return new ParleyError({
    code: 'version_conflict',
    message: `Room ${room.id} was changed meanwhile. Read it again and repeat.`,
    details: { roomId: room.id },
  })
}

/** Closes a room: running turns are aborted, the closing is the log's last line. Closing a closed room does nothing. */
export async function closeRoom(parts: KitParts, roomId: RoomId, options: LifecycleOptions = {}): Promise<Room> {
  checkOptions('closeRoom', options, ['reason', 'cause', 'timeoutMs', 'signal', 'organizationId'])
  const room = await inRoom(
    parts,
    roomId,
    async (open) => {
      if (open.room.status === 'closed') return open.room
      if (open.room.status === 'archived') throw roomEnded(open.room)
      return commitChange(parts, open, 'roomClosed', options)
    },
    options,
  )
  await parts.turns.abort(roomId, { reason: 'room_closed' })
  return room
}

/** Opens a closed room again. @throws {ParleyError} `room_archived` */
export function reopenRoom(parts: KitParts, roomId: RoomId, options: LifecycleOptions = {}): Promise<Room> {
  return inRoom(
    parts,
    roomId,
    async (open) => {
      if (open.room.status === 'archived') throw roomEnded(open.room)
      return open.room.status === 'closed' ? commitChange(parts, open, 'roomReopened', options) : open.room
    },
    options,
  )
}

/** Pauses an active room; the next event makes it active again. */
export function pauseRoom(parts: KitParts, roomId: RoomId, options: LifecycleOptions = {}): Promise<Room> {
  return inRoom(
    parts,
    roomId,
    async (open) => {
      if (open.room.status === 'closed' || open.room.status === 'archived') throw roomEnded(open.room)
      return open.room.status === 'active' ? commitChange(parts, open, 'roomPaused', options) : open.room
    },
    options,
  )
}

/** Archives a room for good; an open one is closed first. */
export async function archiveRoom(parts: KitParts, roomId: RoomId, options: LifecycleOptions = {}): Promise<Room> {
  const room = await inRoom(
    parts,
    roomId,
    async (open) => {
      if (open.room.status === 'archived') return open.room
      if (open.room.status !== 'closed') await commitChange(parts, open, 'roomClosed', options)
      return commitChange(parts, open, 'roomArchived', options)
    },
    options,
  )
  await parts.turns.abort(roomId, { reason: 'room_archived' })
  return room
}

/** What may be changed of a room besides its status. */
export interface RoomChanges {
  metadata?: { set?: Record<string, Json>; unset?: string[] }
  timers?: RoomTimers
  agentResponsePolicy?: AgentResponsePolicy
}

/** Merges and unsets in one step, without reading first. Keys starting with `_` are refused. */
export async function patchRoom(
  parts: KitParts,
  roomId: RoomId,
  given: RoomChanges,
  options: InRoomOptions = {},
): Promise<Room> {
  checkOptions('patchRoom', given, ['metadata', 'timers', 'agentResponsePolicy'])
  const { timers, agentResponsePolicy } = given
  const set = checkRoomMetadata(given.metadata?.set, parts.limits.metadataBytes)
  const unset = given.metadata?.unset
  const metadata =
    given.metadata === undefined
      ? undefined
      : { ...(set === undefined ? {} : { set }), ...(unset === undefined ? {} : { unset: [...unset] }) }
  if (timers !== undefined) checkTimers(timers)
  if (agentResponsePolicy !== undefined) checkPolicy(agentResponsePolicy)
  return inRoom(
    parts,
    roomId,
    async (open) => {
      const isSame =
        (agentResponsePolicy === undefined || agentResponsePolicy === open.room.agentResponsePolicy) &&
        timers === undefined &&
        metadata === undefined
      if (isSame) return open.room
      const merged = { ...open.room.metadata, ...metadata?.set }
      for (const key of metadata?.unset ?? []) delete merged[key]
      checkMetadata(merged, parts.limits.metadataBytes, 'metadata')
      const room: RoomPatch = {
        ...(metadata === undefined ? {} : { metadata }),
        ...(timers === undefined ? {} : { timers: { ...timers } }),
        ...(agentResponsePolicy === undefined ? {} : { agentResponsePolicy }),
      }
      const outcome = await open.commit([], { room })
      if ('conflict' in outcome) throw conflicting(open.room)
      return open.room
    },
    options,
  )
}

/** Checks metadata of a room and gives a copy. @throws {ParleyError} `invalid_options`, `metadata_too_large` */
export function checkRoomMetadata(
  given: Record<string, Json> | undefined,
  maxBytes: number,
): Record<string, Json> | undefined {
  const metadata = checkMetadata(given, maxBytes, 'metadata')
  const reserved = Object.keys(metadata ?? {}).find((key) => key.startsWith('_'))
  if (reserved === undefined) return metadata
  throw new ParleyError({
    code: 'invalid_options',
    message: `The metadata key "${reserved}" begins with an underscore, which is reserved. Choose another name.`,
    details: { path: `metadata.${reserved}`, expected: 'a key without leading underscore' },
  })
}

/** @throws {ParleyError} `invalid_options` */
export function checkTimers(timers: unknown): void {
  const result = roomTimersSchema.safeParse(timers)
  if (result.success) return
  const issue = result.error.issues[0]
  const path = ['timers', ...(issue?.path ?? [])].join('.')
  throw new ParleyError({
    code: 'invalid_options',
    message: `The field ${path} is not valid: expected a positive number of milliseconds.`,
    details: { path, expected: 'positive number' },
  })
}

/** @throws {ParleyError} `invalid_options` */
export function checkPolicy(policy: unknown): void {
  if (policy === 'chain' || policy === 'addressedOnly') return
  throw new ParleyError({
    code: 'invalid_options',
    message: 'agentResponsePolicy must be chain or addressedOnly.',
    details: { path: 'agentResponsePolicy', expected: ['chain', 'addressedOnly'] },
  })
}

/** The timers' way through lock and log: pauses, closes, or both in order, if still due. */
export function transitionByTimer(
  parts: KitParts,
  roomId: RoomId,
  due: (room: Room) => ('pause' | 'close')[],
): Promise<void> {
  return inRoom(parts, roomId, async (open) => {
    for (const step of due(open.room))
      await commitChange(parts, open, step === 'pause' ? 'roomPaused' : 'roomClosed', {
        cause: 'timer',
        reason: 'inactivity',
      })
    if (open.room.status === 'closed')
      parts.background('timer', () => parts.turns.abort(roomId, { reason: 'room_closed' }))
  })
}
