import {
  ConversationState,
  type BlockReason,
  type ChannelBinding,
  type CommitExtras,
  type EventDraft,
  type InboundResult,
  type Observation,
  type Receipt,
  type RoomEvent,
  type RoomTask,
  type TargetEffect,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { SyncOutcome } from '../hooks/hook-engine.ts'
import type { HookMap } from '../hooks/hook-map.ts'
import { storedRouting } from '../orchestration/router/stamps.ts'
import { canWrite } from '../rooms/can-read-write.ts'
import { roomEnded, type OpenRoom } from '../rooms/commit-to-log.ts'
import { jsonEqual } from '../store/json-equal.ts'
import { effectiveVisibility } from '../rooms/effective-visibility.ts'
import type { OfferedAnswer } from '../requests/requests.ts'
import type { CascadeRun } from '../turns/cascades.ts'
import { authorizeMutation, resolveThreadRoot } from './event-targets.ts'
import { passOn } from './pass-on.ts'
import type { Deadline } from './deadline.ts'
import type { PreparedEvent } from './prepared.ts'

/** Steps 7 to 14 of the pipeline: everything that happens to an event under its room's lock. */
export async function acceptEvent(
  parts: KitParts,
  open: OpenRoom,
  prepared: PreparedEvent,
  deadline: Deadline | undefined,
): Promise<InboundResult> {
  const { room } = open
  if (room.status === 'closed' || room.status === 'archived') return refuse(parts, open, prepared)

  const { input } = prepared
  if (input.idempotencyKey !== undefined) {
    const first = await parts.store.eventByIdempotencyKey(room.id, input.idempotencyKey)
    if (first !== null) return repeated(parts, first, prepared)
  }

  const binding = open.bindings.find(({ channelId }) => channelId === prepared.source.channelId)
  let draft = toDraft(parts, open, prepared, binding)
  if (draft.parentEventId !== undefined) draft = await resolveThreadRoot(parts, draft)
  if (parts.ephemeralTypes.has(draft.type)) return passOn(parts, draft, blockedAtGate(prepared, binding))
  const mutation = await authorizeMutation(parts, open, draft)
  if ('refused' in mutation)
    return store(parts, open, block(draft, mutation.refused), prepared, [], undefined, deadline)

  const overflow = cascadeOverflow(parts, prepared)
  if (overflow !== undefined) {
    return store(
      parts,
      open,
      block(draft, overflow),
      prepared,
      [overflowReceipt(parts, open, draft, overflow)],
      undefined,
      deadline,
    )
  }

  const offered = parts.requests.offer(open, draft)
  const hooked = await runHooks(parts, open, draft, prepared, deadline)
  if (deadline?.isExpired === true) return timedOut(room.id)
  const receipts = hooked === undefined ? [] : hookReceipts(parts, open, hooked)
  if (hooked?.blocked !== undefined) {
    const { reason, by, message } = hooked.blocked
    return store(parts, open, block(draft, reason, by), prepared, receipts, hooked, deadline, message)
  }
  if (hooked !== undefined) draft = fromHooked(hooked, draft, binding)
  const answer = offered === undefined ? undefined : await offered(draft)
  if (answer !== undefined) draft = { ...draft, routing: answer.routing }

  const gate = blockedAtGate(prepared, binding)
  if (gate !== undefined) return store(parts, open, block(draft, gate), prepared, receipts, hooked, deadline)
  return store(parts, open, draft, prepared, receipts, hooked, deadline, undefined, mutation.effects, answer)
}

function refuse(parts: KitParts, open: OpenRoom, prepared: PreparedEvent): InboundResult {
  if (parts.framework.has('roomRefusedEvent')) {
    parts.framework.emit({
      type: 'roomRefusedEvent',
      roomId: open.id,
      data: { status: open.room.status, source: prepared.source.channelId ?? prepared.source.kind },
    })
  }
  if (prepared.gate !== 'inbound') throw roomEnded(open.room)
  return { outcome: 'blocked', roomId: open.id, reason: 'room_closed', message: roomEnded(open.room).message }
}

function repeated(parts: KitParts, first: RoomEvent, { input, source }: PreparedEvent): InboundResult {
  const isSame =
    first.source.channelId === source.channelId &&
    first.type === (input.type ?? 'message') &&
    (first.redacted !== undefined ||
      first.edited !== undefined ||
      first.changedBy !== undefined ||
      jsonEqual(first.content, input.content))
  if (!isSame) {
    return {
      outcome: 'blocked',
      roomId: first.roomId,
      reason: 'idempotency_conflict',
      message: `The idempotency key was used for event ${first.id} with another payload. Use a new key.`,
    }
  }
  if (first.status === 'blocked')
    return { outcome: 'blocked', roomId: first.roomId, ...(first.blocked ?? { reason: 'hook_failed' }), event: first }
  const cascade = parts.cascades.of(first)
  const settled = async (): ReturnType<CascadeRun['settled']> =>
    cascade === undefined ? { replies: [], deliveries: [], errors: [] } : cascade.settled()
  return { outcome: 'committed', roomId: first.roomId, event: first, duplicate: true, settled }
}

function toDraft(
  parts: KitParts,
  open: OpenRoom,
  prepared: PreparedEvent,
  binding: ChannelBinding | undefined,
): EventDraft {
  const { input, source, causeId, correlationId, turnId, segmentId, chainDepth } = prepared
  const draft: EventDraft = {
    id: parts.ids.next('evt'),
    roomId: open.id,
    type: input.type ?? 'message',
    status: 'committed',
    source,
    content: input.content,
    visibility: effectiveVisibility(input.visibility, binding?.visibility),
    addressedTo: input.addressedTo ?? null,
    chainDepth,
    createdAt: parts.now(),
    metadata: input.metadata ?? emptyMetadata,
  }
  if (input.responseVisibility !== undefined) draft.responseVisibility = input.responseVisibility
  if (input.parentEventId !== undefined) draft.parentEventId = input.parentEventId
  if (input.idempotencyKey !== undefined) draft.idempotencyKey = input.idempotencyKey
  if (input.channelData !== undefined) draft.channelData = input.channelData
  if (causeId !== undefined) draft.causeId = causeId
  const correlation = correlationId ?? input.correlationId
  if (correlation !== undefined) draft.correlationId = correlation
  if (turnId !== undefined) draft.turnId = turnId
  if (segmentId !== undefined) draft.segmentId = segmentId
  return draft
}

const emptyMetadata = Object.freeze({})

function block(draft: EventDraft, reason: BlockReason, by?: string): EventDraft {
  return { ...draft, status: 'blocked', blocked: by === undefined ? { reason } : { reason, by } }
}

/** Replies to replies, and replies of one event of a person, are bounded. */
function cascadeOverflow(
  parts: KitParts,
  { chainDepth, cascade }: PreparedEvent,
): 'chain_depth_limit' | 'cascade_limit' | undefined {
  if (chainDepth > parts.limits.maxChainDepth) return 'chain_depth_limit'
  if (cascade !== undefined && cascade.replies.length >= parts.limits.maxCascadeReplies) return 'cascade_limit'
  return undefined
}

function overflowReceipt(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  reason: 'chain_depth_limit' | 'cascade_limit',
): Receipt {
  const type = reason === 'chain_depth_limit' ? 'chainDepthExceeded' : 'cascadeLimit'
  parts.framework.emit({
    type,
    roomId: open.id,
    data: { chainDepth: draft.chainDepth, agentId: draft.source.channelId ?? '' },
  })
  return parts.receipt(open.id, 'block', { reason, eventId: draft.id }, { eventIndex: open.room.latestIndex + 1 })
}

type Hooked = SyncOutcome<'beforeBroadcast'>

function runHooks(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  prepared: PreparedEvent,
  deadline: Deadline | undefined,
): Hooked | undefined | Promise<Hooked | undefined> {
  const { source } = prepared
  const scope = {
    roomId: open.id,
    channelId: source.channelId,
    channelType: source.channelType,
    sourceKind: source.kind,
    eventType: draft.type,
  }
  if (!parts.hooks.has('beforeBroadcast', scope)) return undefined
  const event: RoomEvent = { ...draft, index: open.room.latestIndex + 1 }
  return parts.hooks.runSync('beforeBroadcast', hookPayload(open, event), scope, deadline)
}

/** Unreadable state stops no message: the router says so and asks nobody. */
function stateOrDefault(open: OpenRoom): ConversationState {
  try {
    return open.state()
  } catch {
    return new ConversationState()
  }
}

/** The state is read only if a hook asks for it: it may be unreadable, and most do not. */
function hookPayload(open: OpenRoom, event: RoomEvent): HookMap['beforeBroadcast']['payload'] {
  const { room, bindings, participants } = open
  return {
    event,
    room,
    bindings,
    participants,
    get state() {
      return stateOrDefault(open)
    },
  }
}

function fromHooked(hooked: Hooked, before: EventDraft, binding: ChannelBinding | undefined): EventDraft {
  const {
    index: _index,
    edited: _edited,
    deleted: _deleted,
    redacted: _redacted,
    reactions: _reactions,
    ...draft
  } = hooked.payload.event
  const isChanged = draft.content !== before.content
  const routing = storedRouting(draft.routing, hooked.modifiedBy)
  return {
    ...draft,
    ...(routing === undefined ? {} : { routing }),
    ...(isChanged ? { changedBy: [...hooked.modifiedBy] } : {}),
    visibility: effectiveVisibility(draft.visibility, binding?.visibility),
  }
}

function hookReceipts(parts: KitParts, open: OpenRoom, hooked: Hooked): Receipt[] {
  return hooked.failures.map((data) => parts.receipt(open.id, 'block', data, { eventIndex: open.room.latestIndex + 1 }))
}

/** Step 12: whether the source may write. */
function blockedAtGate(prepared: PreparedEvent, binding: ChannelBinding | undefined): BlockReason | undefined {
  if (prepared.gate === 'none') return undefined
  const planned = prepared.planned?.bindings?.some(({ channelId }) => channelId === prepared.source.channelId) === true
  if (binding === undefined) return planned ? undefined : 'channel_detached'
  if (canWrite(binding)) return undefined
  return binding.muted ? 'source_muted' : 'source_read_only'
}

function timedOut(roomId: string): InboundResult {
  return {
    outcome: 'blocked',
    roomId,
    reason: 'process_timeout',
    message: 'The message could not be accepted in time. Send it again.',
  }
}

/** Step 13: one store call with the event, what hooks added, and all that came about with it. */
async function store(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  prepared: PreparedEvent,
  receipts: readonly Receipt[],
  hooked: Hooked | undefined,
  deadline: Deadline | undefined,
  message?: string,
  effects?: TargetEffect[],
  answer?: OfferedAnswer,
): Promise<InboundResult> {
  if (deadline !== undefined && !deadline.pass()) return timedOut(open.id)
  const isCommitted = draft.status === 'committed'
  const wakes = isCommitted && draft.source.kind !== 'system' && open.room.status === 'paused'
  const drafts = [draft, ...injectedDrafts(parts, open, hooked, draft)]
  if (wakes) drafts.push(resumedDraft(parts, open, draft))
  if (answer !== undefined) drafts.push(answer.draft)
  const extras = combine(parts, open, draft, prepared, receipts, hooked, wakes)
  if (effects !== undefined && effects.length > 0) extras.effects = effects
  if (answer !== undefined) extras.requests = [answer.request]
  const isOwnRoot = prepared.cascade === undefined
  const cascade = isCommitted ? (prepared.cascade ?? parts.cascades.start(draft.id)) : undefined
  // A cascade of its own is held open until its plan has been pushed.
  if (isOwnRoot) cascade?.begin()
  try {
    const outcome = await open.commit(drafts, extras)
    if ('duplicate' in outcome) return repeated(parts, outcome.duplicate, prepared)
    if ('conflict' in outcome) return conflict(open, outcome.conflict)
    const [event] = outcome.events
    if (event === undefined) throw new TypeError('a commit of one draft gives one event')
    afterCommit(parts, open, event, extras)
    if (hooked !== undefined) observe(parts, open, event)
    const { room } = open
    if (wakes) open.later(() => parts.hooks.fire('onRoomResumed', { room }, { roomId: room.id }))
    answer?.committed()
    if (!isCommitted) return blocked(parts, event, message)
    if (!isOwnRoot && event.type === 'message') cascade?.replies.push(event)
    const settled = (): ReturnType<CascadeRun['settled']> => (cascade ?? parts.cascades.start(event.id)).settled()
    return { outcome: 'committed', roomId: open.id, event, duplicate: false, settled }
  } finally {
    if (isOwnRoot) cascade?.end()
  }
}

/** Who watches a trigger that others decide at sees what came of it. */
function observe(parts: KitParts, open: OpenRoom, event: RoomEvent): void {
  const { channelId, channelType, kind } = event.source
  const scope = { roomId: open.id, channelId, channelType, sourceKind: kind, eventType: event.type }
  open.later(() => parts.hooks.fire('beforeBroadcast', hookPayload(open, event), scope))
}

function conflict(open: OpenRoom, what: string): InboundResult {
  return {
    outcome: 'blocked',
    roomId: open.id,
    reason: 'process_timeout',
    message: `The room's ${what} changed meanwhile. Send the message again.`,
  }
}

function blocked(parts: KitParts, event: RoomEvent, message: string | undefined): InboundResult {
  const reason = event.blocked?.reason ?? 'hook_failed'
  if (parts.framework.has('eventBlocked')) {
    parts.framework.emit({ type: 'eventBlocked', roomId: event.roomId, eventId: event.id, data: { reason } })
  }
  return {
    outcome: 'blocked',
    roomId: event.roomId,
    reason,
    event,
    ...(event.blocked?.by === undefined ? {} : { by: event.blocked.by }),
    ...(message === undefined ? {} : { message }),
  }
}

function injectedDrafts(parts: KitParts, open: OpenRoom, hooked: Hooked | undefined, cause: EventDraft): EventDraft[] {
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
function resumedDraft(parts: KitParts, open: OpenRoom, cause: EventDraft): EventDraft {
  return parts.systemDraft(open.room, {
    type: 'roomResumed',
    content: { type: 'system', code: 'room_resumed', text: 'The room is active again.' },
    causeId: cause.id,
  })
}

function combine(
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

/** What hooks of the async kind learn of a commit. */
function afterCommit(parts: KitParts, open: OpenRoom, event: RoomEvent, extras: CommitExtras): void {
  const scope = { roomId: open.id }
  for (const task of extras.tasks ?? []) open.later(() => parts.hooks.fire('onTaskCreated', { task }, scope))
  for (const observation of extras.observations ?? [])
    open.later(() => parts.hooks.fire('onObservation', { observation }, scope))
  if (event.source.kind === 'person') parts.ephemeral.endTyping(open.id, event.source.participantId ?? '')
}
