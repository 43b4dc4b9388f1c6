import type { Json } from '@parley/spec'

/** An answer of the vendor that is an error. */
export interface GeminiRefusal {
  /** Also the HTTP status. */
  code: number
  message: string
  status: string
  details?: Json[]
}

const codes: Readonly<Record<string, number>> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
}

const messages: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: 'Request contains an invalid argument.',
  FAILED_PRECONDITION: 'User location is not supported for the API use.',
  PERMISSION_DENIED:
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  RESOURCE_EXHAUSTED: 'You exceeded your current quota, please check your plan and billing details.',
  INTERNAL: 'An internal error has occurred. Please retry.',
  UNAVAILABLE: 'The model is overloaded. Please try again later.',
  DEADLINE_EXCEEDED: 'Deadline expired before operation could complete.',
}

/** What a refusal says beside its status. */
export interface RefusalDetails {
  message?: string | undefined
  /** Of `google.rpc.ErrorInfo`, such as `API_KEY_INVALID`. */
  reason?: string | undefined
  /** Of `google.rpc.QuotaFailure`, such as `GenerateRequestsPerDayPerProjectPerModel-FreeTier`. */
  quotaId?: string | undefined
  retryAfterMs?: number | undefined
}

/** A refusal by the vendor's status, as the vendor words it. */
export function geminiRefusal(
  status: string,
  { message = messages[status] ?? 'Request failed.', reason, quotaId, retryAfterMs }: RefusalDetails = {},
): GeminiRefusal {
  const details: Json[] = []
  if (reason !== undefined)
    details.push({ '@type': `${types}ErrorInfo`, reason, domain: 'googleapis.com', metadata: {} })
  if (quotaId !== undefined) details.push({ '@type': `${types}QuotaFailure`, violations: [{ quotaId }] })
  if (retryAfterMs !== undefined)
    details.push({ '@type': `${types}RetryInfo`, retryDelay: `${String(retryAfterMs / 1000)}s` })
  return { code: codes[status] ?? 500, message, status, ...(details.length > 0 ? { details } : {}) }
}

const types = 'type.googleapis.com/google.rpc.'

/** A 400 that says what is wrong with the body. */
export function invalidArgument(message: string): GeminiRefusal {
  return geminiRefusal('INVALID_ARGUMENT', { message })
}

/** A refusal by HTTP status, or by a status, reason or quota id of the vendor. */
export function refusalByCode(httpStatus: number, code: string | undefined, more: RefusalDetails): GeminiRefusal {
  if (code !== undefined && code in codes) return geminiRefusal(code, more)
  const status = Object.entries(codes).find(([, known]) => known === httpStatus)?.[0] ?? 'INTERNAL'
  if (code === undefined) return { ...geminiRefusal(status, more), code: httpStatus }
  const said = /Per(Day|Minute)/.test(code) ? { quotaId: code } : { reason: code }
  return { ...geminiRefusal(status, { ...more, ...said }), code: httpStatus }
}
