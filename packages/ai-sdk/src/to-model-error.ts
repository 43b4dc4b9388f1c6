import {
  AISDKError,
  APICallError,
  LoadAPIKeyError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider'
import type { ErrorCode, Json } from '@parley/spec'
import { modelFailure, ParleyError, retryAfterMs } from '@parley/spec'

/**
 * Translates what a language model threw or sent as an error part. Errors are known by the marker that the AI SDK puts
 * on them, so that several copies of it may be installed. Their words stay in `cause`.
 */
export function toModelError(thrown: unknown, stage: 'open' | 'read', modelId: string): ParleyError {
  if (ParleyError.isInstance(thrown)) return thrown
  const details: { [key: string]: Json } = {}
  let code: ErrorCode = stage === 'open' ? 'model_unavailable' : 'model_stream_broken'
  if (APICallError.isInstance(thrown)) {
    code = codeOf(thrown)
    if (thrown.statusCode !== undefined) details['status'] = thrown.statusCode
    const waitMs = retryAfterMs((name) => thrown.responseHeaders?.[name])
    if (waitMs !== undefined) details['retryAfterMs'] = waitMs
  } else if (LoadAPIKeyError.isInstance(thrown)) code = 'model_unauthorized'
  else if (NoSuchModelError.isInstance(thrown) || UnsupportedFunctionalityError.isInstance(thrown))
    code = 'model_request_invalid'
  // Other marked errors come from checking the request before it is sent, or from reading what came back.
  else if (AISDKError.isInstance(thrown)) code = stage === 'open' ? 'model_request_invalid' : 'model_stream_broken'
  const { status } = details
  return modelFailure({
    modelId,
    code,
    ...(typeof status === 'number' ? { reported: String(status) } : {}),
    details,
    cause: thrown,
  })
}

function codeOf({ statusCode: status, responseBody = '', message }: APICallError): ErrorCode {
  const text = `${message} ${responseBody}`
  if (status === undefined) return 'model_unavailable'
  if (status === 401 || status === 403) return 'model_unauthorized'
  if (status === 402) return 'model_quota'
  if (status === 429)
    return /insufficient_quota|billing|credit balance/i.test(text) ? 'model_quota' : 'model_rate_limited'
  if (status === 408 || status === 504) return 'model_timeout'
  if (
    status === 413 ||
    /context_length_exceeded|context (length|window)|maximum context|prompt is too long/i.test(text)
  ) {
    return 'model_context_exceeded'
  }
  if (status === 409 || status === 425 || status >= 500) return 'model_unavailable'
  return /content_policy|content_filter|safety/i.test(text) ? 'model_refused' : 'model_request_invalid'
}
