import { STATUS_CODES } from 'node:http'
import { toParleyError, toWire, type Json, type ParleyError } from '@parley/spec'
import { statusOf } from './status-of-code.ts'

/** The body of every answer that is not a success: `application/problem+json`, and the error itself under `error`. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  request_id: string
  /** Which fields of the request are wrong. */
  errors?: { path: string; message: string }[]
  error: { code: string; message: string; retryable: boolean; details: Json }
}

/** Gives anything thrown as an error that may be shown: foreign text, paths and stacks stay inside. */
export function toShownError(thrown: unknown): ParleyError {
  return toParleyError(thrown, {
    code: 'internal_error',
    message: 'Something failed inside. Try again, or ask the operator with the request id.',
  })
}

/** An error as the answer of a request. */
export function problemResponse(error: ParleyError, requestId: string): Response {
  const status = statusOf(error.code)
  const { violations, retryAfterMs } = error.details
  const problem: Problem = {
    type: `urn:parley:error:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: error.message,
    request_id: requestId,
    ...(Array.isArray(violations) ? { errors: violations.flatMap(toFieldError) } : {}),
    error: { code: error.code, message: error.message, retryable: error.retryable, details: toWire(error.details) },
  }
  const headers = new Headers({ 'content-type': 'application/problem+json' })
  if (typeof retryAfterMs === 'number') headers.set('retry-after', String(Math.ceil(retryAfterMs / 1_000)))
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify(problem), { status, headers })
}

function toFieldError(violation: Json): { path: string; message: string }[] {
  if (typeof violation !== 'object' || violation === null || Array.isArray(violation)) return []
  const { path, message } = violation
  return typeof path === 'string' && typeof message === 'string' ? [{ path, message }] : []
}
