import { isRetryableCode, type ErrorCode } from '@parley/spec'

const codesOfStatus: Readonly<Record<number, readonly ErrorCode[]>> = {
  400: [
    'invalid_options',
    'content_invalid',
    'metadata_too_large',
    'body_invalid',
    'frame_invalid',
    'language_invalid',
  ],
  401: ['auth_required', 'auth_invalid', 'webhook_signature'],
  402: ['budget_exceeded'],
  403: ['forbidden', 'origin_refused', 'ssrf_refused', 'webhook_unverified'],
  404: [
    'not_found',
    'room_not_found',
    'channel_not_registered',
    'channel_not_bound',
    'participant_not_found',
    'event_not_found',
    'turn_not_found',
    'request_not_found',
    'run_unknown',
    'source_not_found',
  ],
  405: ['method_not_allowed'],
  409: [
    'room_closed',
    'room_archived',
    'room_exists',
    'version_conflict',
    'idempotency_conflict',
    'already_decided',
    'request_expired',
    'attach_refused',
    'channel_already_registered',
    'orchestration_missing',
    'human_not_waiting',
    'human_not_claimed',
    'human_taken',
    'message_blocked',
    'state_invalid',
  ],
  413: ['body_too_large', 'content_too_large'],
  422: ['value_invalid'],
  429: ['rate_limited', 'connection_limit', 'request_limit', 'run_queue_full'],
  503: ['kit_closed', 'process_timeout'],
}

const statusOfCode = new Map(
  Object.entries(codesOfStatus).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)] as const)),
)

/**
 * The HTTP status of an error: the one place that decides it. Handoffs that were refused are conflicts; what is
 * expected to pass is 503; anything else went wrong in here.
 */
export function statusOf(code: ErrorCode): number {
  const status = statusOfCode.get(code)
  if (status !== undefined) return status
  if (code.startsWith('handoff_')) return 409
  return isRetryableCode(code) ? 503 : 500
}
