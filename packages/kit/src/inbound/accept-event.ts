import type { BlockReason, ChannelBinding, EventDraft, InboundResult, Receipt } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { canWrite } from '../rooms/can-read-write.ts'
import { roomEnded, type OpenRoom } from '../rooms/commit-to-log.ts'
import { effectiveVisibility } from '../rooms/effective-visibility.ts'
import { fromHooked, hookReceipts, runHooks } from './broadcast-hooks.ts'
import type { Deadline } from './deadline.ts'
import { authorizeMutation, resolveThreadRoot } from './event-targets.ts'
import { passOn } from './pass-on.ts'
import type { PreparedEvent } from './prepared.ts'
import { repeated, timedOut, writeEvent } from './write-event.ts'

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
    return writeEvent(parts, open, block(draft, mutation.refused), prepared, [], undefined, deadline)

  const overflow = cascadeOverflow(parts, prepared)
  if (overflow !== undefined) {
    return writeEvent(
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
    return writeEvent(parts, open, block(draft, reason, by), prepared, receipts, hooked, deadline, message)
  }
  if (hooked !== undefined) draft = fromHooked(hooked, draft, binding)
  const answer = offered === undefined ? undefined : await offered(draft)
  if (answer !== undefined) draft = { ...draft, routing: answer.routing }

  const gate = blockedAtGate(prepared, binding)
  if (gate !== undefined) return writeEvent(parts, open, block(draft, gate), prepared, receipts, hooked, deadline)
  return writeEvent(parts, open, draft, prepared, receipts, hooked, deadline, undefined, mutation.effects, answer)
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

/** Step 12: whether the source may write. */
function blockedAtGate(prepared: PreparedEvent, binding: ChannelBinding | undefined): BlockReason | undefined {
  if (prepared.gate === 'none') return undefined
  const planned = prepared.planned?.bindings?.some(({ channelId }) => channelId === prepared.source.channelId) === true
  if (binding === undefined) return planned ? undefined : 'channel_detached'
  if (canWrite(binding)) return undefined
  return binding.muted ? 'source_muted' : 'source_read_only'
}
