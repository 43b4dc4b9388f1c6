import type { CommitExtras, EventDraft, InboundResult, Receipt, RoomEvent, TargetEffect } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { OfferedAnswer } from '../requests/requests.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import { jsonEqual } from '../store/json-equal.ts'
import type { CascadeRun } from '../turns/cascades.ts'
import { tellWatchers, type Hooked } from './broadcast-hooks.ts'
import { commitExtras, injectedDrafts, resumedDraft } from './commit-extras.ts'
import type { Deadline } from './deadline.ts'
import type { PreparedEvent } from './prepared.ts'

/** The answer to a key that was used before: the first event, or a conflict where the payload differs. */
export function repeated(parts: KitParts, first: RoomEvent, { input, source }: PreparedEvent): InboundResult {
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

/** The answer when time ran out before the commit. */
export function timedOut(roomId: string): InboundResult {
  return {
    outcome: 'blocked',
    roomId,
    reason: 'process_timeout',
    message: 'The message could not be accepted in time. Send it again.',
  }
}

/** Step 13: one store call with the event, what hooks added, and all that came about with it. */
export async function writeEvent(
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
  const extras = commitExtras(parts, open, draft, prepared, receipts, hooked, wakes)
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
    if (hooked !== undefined) tellWatchers(parts, open, event)
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

/** What hooks of the async kind learn of a commit. */
function afterCommit(parts: KitParts, open: OpenRoom, event: RoomEvent, extras: CommitExtras): void {
  const scope = { roomId: open.id }
  for (const task of extras.tasks ?? []) open.later(() => parts.hooks.fire('onTaskCreated', { task }, scope))
  for (const observation of extras.observations ?? [])
    open.later(() => parts.hooks.fire('onObservation', { observation }, scope))
  if (event.source.kind === 'person') parts.ephemeral.endTyping(open.id, event.source.participantId ?? '')
}
