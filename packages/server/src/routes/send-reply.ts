import { ParleyError, type BlockReason, type ErrorCode, type Json, type SendResult } from '@parley/spec'
import type { Reply } from '../http/route.ts'

/** Reasons that are errors of their own; any other is `message_blocked` with the reason in its details. */
const codeOfReason: Partial<Record<BlockReason, ErrorCode>> = {
  rate_limited: 'rate_limited',
  room_busy: 'rate_limited',
  process_timeout: 'process_timeout',
  room_closed: 'room_closed',
  idempotency_conflict: 'idempotency_conflict',
}

/** What came of a message, as an answer: 201 new, 200 for a repeat of the same key. */
export function replyOf(result: SendResult): Reply {
  if (result.outcome === 'blocked') throw blockedError(result)
  return { status: result.duplicate ? 200 : 201, body: { event: result.event, duplicate: result.duplicate } }
}

/** A refused message as an error. */
export function blockedError(blocked: Extract<SendResult, { outcome: 'blocked' }>): ParleyError {
  const { reason, by, message, retryAfterMs, event } = blocked
  const details: { [key: string]: Json } = { reason }
  if (by !== undefined) details['by'] = by
  if (retryAfterMs !== undefined) details['retryAfterMs'] = retryAfterMs
  if (event !== undefined) details['index'] = event.index
  return new ParleyError({
    code: codeOfReason[reason] ?? 'message_blocked',
    message: message ?? `The room did not accept the message: ${reason}.`,
    details,
  })
}
