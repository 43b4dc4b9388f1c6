import { ApiError } from '@google/genai/web'
import type { ErrorCode, Json } from '@parley/spec'
import { modelFailure, type ParleyError } from '@parley/spec'
import { z } from 'zod'

const detail = z.object({
  reason: z.string().optional(),
  retryDelay: z.string().optional(),
  violations: z.array(z.object({ quotaId: z.string().optional() })).optional(),
})
const body = z.object({
  error: z.object({
    status: z.string().optional(),
    message: z.string().optional(),
    details: z.array(detail).optional(),
  }),
})

/** What the vendor reported of a failure. */
interface Reported {
  /** HTTP status. */
  code: number
  status?: string | undefined
  reason?: string | undefined
  /** The vendor's words: looked at, never passed on. */
  message: string
  quotaIds: string[]
  retryAfterMs?: number | undefined
}

/** Translates what the vendor's client threw while sending (`open`) or while the answer was read (`read`). */
export function toModelError(thrown: unknown, stage: 'open' | 'read', modelId: string): ParleyError {
  if (!(thrown instanceof ApiError)) {
    // The client throws nothing of its own for a server that cannot be reached.
    const isUnreached = stage === 'open' && thrown instanceof TypeError && thrown.message.includes('fetch')
    const code = stage === 'read' ? 'model_stream_broken' : isUnreached ? 'model_unavailable' : 'model_request_invalid'
    return modelFailure({ modelId, code, cause: thrown })
  }
  const reported = readReport(thrown)
  const { code: status, status: word, reason, retryAfterMs } = reported
  const vendorCode = [reason, word].find((said) => said !== undefined && /^\w{1,80}$/.test(said))
  const details: { [key: string]: Json } = { status }
  if (vendorCode !== undefined) details['vendorCode'] = vendorCode
  if (retryAfterMs !== undefined) details['retryAfterMs'] = retryAfterMs
  return modelFailure({
    modelId,
    code: chooseCode(reported),
    reported: [status, ...(vendorCode === undefined ? [] : [vendorCode])].join(' '),
    details,
    cause: thrown,
  })
}

/** The client keeps the vendor's body as the text of its error, in a stream after some words of its own. */
function readReport({ status: code, message }: ApiError): Reported {
  const parsed = body.safeParse(parseJson(message.slice(Math.max(0, message.indexOf('{')))))
  if (!parsed.success) return { code, message, quotaIds: [] }
  const { status, message: words = '', details = [] } = parsed.data.error
  return {
    code,
    status,
    reason: details.find(({ reason }) => reason !== undefined)?.reason,
    message: words,
    quotaIds: details.flatMap(({ violations = [] }) => violations.flatMap(({ quotaId }) => quotaId ?? [])),
    retryAfterMs: toMs(details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay),
  }
}

function chooseCode({ code, status, reason, message, quotaIds }: Reported): ErrorCode {
  if (reason === 'API_KEY_INVALID' || reason === 'API_KEY_SERVICE_BLOCKED') return 'model_unauthorized'
  if (code === 400 || code === 413) {
    if (code === 413 || /token count.*exceeds|context (length|window)/is.test(message)) return 'model_context_exceeded'
    // The account, not the request: its country, or that it has no billing.
    return status === 'FAILED_PRECONDITION' ? 'model_unauthorized' : 'model_request_invalid'
  }
  if (code === 401 || code === 403) return 'model_unauthorized'
  if (code === 402) return 'model_quota'
  if (code === 429) {
    // A quota of a day does not come back within a call's patience; one of a minute does.
    const isSpent = quotaIds.some((id) => /PerDay/.test(id)) || /credits are depleted|spending cap/i.test(message)
    return isSpent ? 'model_quota' : 'model_rate_limited'
  }
  if (code === 408 || code === 504) return 'model_timeout'
  return code >= 499 ? 'model_unavailable' : 'model_request_invalid'
}

/** A duration of the vendor, such as `1.5s`, in ms. */
function toMs(duration: string | undefined): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(duration ?? '') ?? []
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A proxy may answer with anything.
    return undefined
  }
}
