import { ParleyError, type ErrorCode } from '@parley/spec'

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'vendor_invalid_request',
  401: 'vendor_auth',
  402: 'vendor_quota',
  403: 'vendor_auth',
  404: 'vendor_invalid_request',
  408: 'vendor_timeout',
  413: 'vendor_invalid_request',
  429: 'vendor_rate_limited',
}

const messages: Partial<Record<ErrorCode, string>> = {
  vendor_auth: 'The recognition server refused the credentials: check the key and what it may use.',
  vendor_quota: 'The account of the recognition server has no credit left.',
  vendor_rate_limited: 'The recognition server takes no more streams now: try again later.',
  vendor_invalid_request: 'The recognition server did not accept the stream: check model, language and format.',
  vendor_unavailable: 'The recognition server cannot be reached, or fails.',
  vendor_timeout: 'The recognition server did not answer in time.',
  vendor_protocol: 'The recognition server sent what cannot be read.',
}

/** An error of ours for a failure of the server; nothing of its text or of the key is in it. */
export function vendorError(
  code: ErrorCode,
  { cause, details = {} }: { cause?: unknown; details?: Record<string, number | string> } = {},
): ParleyError {
  return new ParleyError({ code, message: messages[code] ?? 'The recognition server failed.', details, cause })
}

/** What a refused connection means. Socket factories tell the status as `details.status`. */
export function connectError(thrown: unknown): ParleyError {
  const details = ParleyError.isInstance(thrown) ? thrown.details : {}
  const status = details['status']
  if (typeof status !== 'number') return vendorError('vendor_unavailable', { cause: thrown })
  const retryAfterMs = details['retryAfterMs']
  return vendorError(byStatus[status] ?? 'vendor_unavailable', {
    cause: thrown,
    details: { status, ...(typeof retryAfterMs === 'number' && { retryAfterMs }) },
  })
}

/** What the end of a socket means; `undefined` where trying again may help. */
export function closeError(code: number): ParleyError | undefined {
  if (code === 1008 || code === 1003 || code === 1007)
    return vendorError('vendor_invalid_request', { details: { close: code } })
  return undefined
}
