import type { ErrorCode, Json, ParleyError } from '@parley/spec'
import { modelFailure } from '@parley/spec'

/** What is known of a failure that the vendor reported. */
export interface VendorFailure {
  modelId: string
  /** HTTP status, when there was an answer. */
  status?: number | undefined
  /** The vendor's own code, such as `rate_limit_exceeded`. */
  code?: string | null | undefined
  /** The parameter at fault, as the vendor names it. */
  param?: string | null | undefined
  /** The vendor's words: looked at, never passed on. */
  message?: string | undefined
  retryAfterMs?: number | undefined
  requestId?: string | null | undefined
  cause: unknown
}

const codes: Readonly<Record<string, ErrorCode>> = {
  insufficient_quota: 'model_quota',
  billing_hard_limit_reached: 'model_quota',
  rate_limit_exceeded: 'model_rate_limited',
  context_length_exceeded: 'model_context_exceeded',
  string_above_max_length: 'model_context_exceeded',
  content_filter: 'model_refused',
  content_policy_violation: 'model_refused',
  image_content_policy_violation: 'model_refused',
  invalid_prompt: 'model_refused',
  bio_policy: 'model_refused',
  misalignment_policy_violation: 'model_refused',
  invalid_api_key: 'model_unauthorized',
  server_error: 'model_unavailable',
  vector_store_timeout: 'model_unavailable',
}

const statuses: Readonly<Record<number, ErrorCode>> = {
  401: 'model_unauthorized',
  402: 'model_quota',
  403: 'model_unauthorized',
  408: 'model_timeout',
  409: 'model_unavailable',
  413: 'model_context_exceeded',
  425: 'model_unavailable',
  429: 'model_rate_limited',
}

/** The error for a failure that the vendor reported: its code from the vendor's code or the status, its text ours. */
export function vendorFailure(failure: VendorFailure): ParleyError {
  const { modelId, status, code, param, retryAfterMs, requestId, cause } = failure
  const reported = [status, safe(code)].filter((value) => value !== undefined).join(' ')
  const details: { [key: string]: Json } = {}
  if (status !== undefined) details['status'] = status
  if (safe(code) !== undefined) details['vendorCode'] = safe(code) ?? null
  if (safe(param) !== undefined) details['param'] = safe(param) ?? null
  if (safe(requestId) !== undefined) details['requestId'] = safe(requestId) ?? null
  if (retryAfterMs !== undefined) details['retryAfterMs'] = retryAfterMs
  return modelFailure({ modelId, code: chooseCode(failure), reported, details, cause })
}

function chooseCode({ status, code, message = '' }: VendorFailure): ErrorCode {
  const byCode = code ? codes[code] : undefined
  if (byCode) return byCode
  // Compatible servers give no code for it.
  if (
    (status === 400 || status === 422) &&
    /context (length|window|size)|maximum context|too many tokens/i.test(message)
  ) {
    return 'model_context_exceeded'
  }
  if (status !== undefined) return statuses[status] ?? (status >= 500 ? 'model_unavailable' : 'model_request_invalid')
  if (code && /^invalid|image|unsupported/.test(code)) return 'model_request_invalid'
  return 'model_unavailable'
}

/** A vendor's word that is short and plain enough to be shown. */
function safe(word: string | null | undefined): string | undefined {
  return word && /^[\w.[\]-]{1,80}$/.test(word) && !word.startsWith('sk-') ? word : undefined
}
