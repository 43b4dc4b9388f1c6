import { ParleyError } from '@parley/spec'

/** SQLSTATE codes the stores look at. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  untranslatableCharacter: '22P05',
  invalidText: '22P02',
} as const

const lostStates = /^(08|57P0|53300|58000)/
const lostSystemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
])
const lostMessages =
  /connection terminated|connection timeout|timeout exceeded when trying to connect|connection error|pglite is closed|pool after calling end|not queryable/i

/** The SQLSTATE or system code of what a driver threw. */
export function codeOf(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Whether the database could not be reached or went away: nothing is known of a statement that was under way. */
export function isConnectionLost(error: unknown): boolean {
  const code = codeOf(error)
  if (code !== undefined && (lostStates.test(code) || lostSystemCodes.has(code))) return true
  return error instanceof Error && lostMessages.test(error.message)
}

/** Whether repeating the transaction may succeed. */
export function isSerializationFailure(error: unknown): boolean {
  const code = codeOf(error)
  return code === sqlState.serializationFailure || code === sqlState.deadlock
}

/** The error callers see: a lost connection is `store_unavailable`, anything else is left to who wrote the statement. */
export function toDatabaseError(error: unknown): unknown {
  return isConnectionLost(error) ? storeUnavailable(error) : error
}

/** A `store_unavailable` that keeps what the driver said out of sight. */
export function storeUnavailable(cause: unknown): ParleyError {
  return new ParleyError({
    code: 'store_unavailable',
    message: 'The database cannot be reached or failed. Try again.',
    cause,
  })
}

/** Reads an int8. @throws {ParleyError} `internal_error` when it is beyond what a number can hold */
export function parseInt8(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new ParleyError({
    code: 'internal_error',
    message: 'The database returned an integer that a number cannot hold exactly. Cast it to text in the query.',
    details: { type: 'int8' },
  })
}
