import type { CommitExtras, EventDraft, Observation, Receipt, RoomTask } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import type { Hooked } from './broadcast-hooks.ts'
import type { PreparedEvent } from './prepared.ts'

/** Events that hooks added: they go where the hook said and ask nobody. */
export function injectedDrafts(
  parts: KitParts,
  open: OpenRoom,
  hooked: Hooked | undefined,
  cause: EventDraft,
): EventDraft[] {
  if (hooked === undefined || hooked.injected.length === 0) return []
  return hooked.injected.map(({ input, to }) => ({
    ...parts.systemDraft(open.room, { type: input.type ?? 'message', content: input.content, causeId: cause.id }),
    visibility: to.length === 0 ? 'internal' : { only: to },
    addressedTo: [],
    routing: { target: null, observers: [], reason: 'internal', skipped: [] },
    metadata: input.metadata ?? {},
  }))
}

/** The record of a paused room that is active again because someone spoke. */
export function resumedDraft(parts: KitParts, open: OpenRoom, cause: EventDraft): EventDraft {
  return parts.systemDraft(open.room, {
    type: 'roomResumed',
    content: { type: 'system', code: 'room_resumed', text: 'The room is active again.' },
    causeId: cause.id,
  })
}

/** What is written with an event: records, to-dos, observations, and what its room becomes with it. */
export function commitExtras(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  prepared: PreparedEvent,
  receipts: readonly Receipt[],
  hooked: Hooked | undefined,
  wakes: boolean,
): CommitExtras {
  const orchestration = draft.status === 'committed' ? parts.orchestration.beforeCommit(open, draft) : undefined
  const tasks =
    hooked === undefined || hooked.tasks.length === 0
      ? undefined
      : hooked.tasks.map((task) => toTask(parts, open, draft, task))
  const observations = observationsOf(parts, open, draft, hooked)
  const allReceipts = [...receipts, ...(prepared.receipts ?? []), ...(orchestration?.receipts ?? [])]
  const patch = mergePatches(open, prepared, orchestration, wakes)
  const extras: CommitExtras = { ...orchestration }
  if (allReceipts.length > 0) extras.receipts = allReceipts
  if (tasks !== undefined) extras.tasks = tasks
  if (observations !== undefined) extras.observations = observations
  if (patch !== undefined) extras.room = patch
  return extras
}

function mergePatches(
  open: OpenRoom,
  prepared: PreparedEvent,
  orchestration: CommitExtras | undefined,
  wakes: boolean,
): CommitExtras['room'] {
  const returning = comesBack(open, prepared)
  if (prepared.planned === undefined && orchestration?.room === undefined && returning === undefined && !wakes)
    return undefined
  const participants = [...(prepared.planned?.participants ?? []), ...(returning === undefined ? [] : [returning])]
  return {
    ...prepared.planned,
    ...orchestration?.room,
    ...(wakes ? { status: 'active' as const } : {}),
    ...(participants.length === 0 ? {} : { participants }),
  }
}

/** Someone who had left is active again with the next message. */
function comesBack(open: OpenRoom, { source, planned }: PreparedEvent): OpenRoom['participants'][number] | undefined {
  if (source.kind !== 'person' || planned?.participants !== undefined) return undefined
  const participant = open.participants.find(({ id }) => id === source.participantId)
  return participant?.status === 'left' || participant?.status === 'inactive'
    ? { ...participant, status: 'active' }
    : undefined
}

function observationsOf(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  hooked: Hooked | undefined,
): Observation[] | undefined {
  if (draft.blocked?.reason === 'chain_depth_limit') {
    const content = `Agents answered each other ${parts.limits.maxChainDepth} times in a row; the next answer was held back.`
    return [toObservation(parts, open, draft, { content, category: 'chain_depth_limit' })]
  }
  if (hooked === undefined || hooked.observations.length === 0) return undefined
  return hooked.observations.map((observation) => toObservation(parts, open, draft, observation))
}

function toTask(parts: KitParts, open: OpenRoom, draft: EventDraft, task: Hooked['tasks'][number]): RoomTask {
  const at = parts.now()
  return {
    id: parts.ids.next('task'),
    roomId: open.id,
    eventId: draft.id,
    status: 'pending',
    createdAt: at,
    updatedAt: at,
    metadata: {},
    ...task,
  }
}

function toObservation(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  observation: Hooked['observations'][number],
): Observation {
  return {
    id: parts.ids.next('obs'),
    roomId: open.id,
    channelId: draft.source.channelId ?? 'system',
    confidence: 1,
    createdAt: parts.now(),
    metadata: {},
    ...observation,
  }
}
