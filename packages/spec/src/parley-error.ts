import { isRetryableCode, type ErrorCode } from './error-codes.ts'
import type { Json } from './json.ts'

const brand = Symbol.for('parley.error')

/** What a `ParleyError` is made of. */
export interface ParleyErrorOptions {
  code: ErrorCode
  /** What happened, to which thing, what to do next. Holds no secret, path, stack or model output. */
  message: string
  /** Whether trying again may help. @default what the code says */
  retryable?: boolean
  /** Ids and limits, as JSON. */
  details?: { [key: string]: Json }
  /** The error behind it; kept out of logs, stores, streams and prompts. */
  cause?: unknown
}

/** A failure a caller must decide about. Expected outcomes (blocked, rejected, over budget) are returned, not thrown. */
export class ParleyError extends Error {
  override readonly name = 'ParleyError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly details: { [key: string]: Json }

  constructor({ code, message, retryable = isRetryableCode(code), details = {}, cause }: ParleyErrorOptions) {
    super(message, { cause })
    this.code = code
    this.retryable = retryable
    this.details = details
    // The brand makes errors recognizable across two copies of the package.
    Object.defineProperty(this, brand, { value: true })
  }

  /** Whether a value is a `ParleyError`, of this or another copy of the package. */
  static isInstance(value: unknown): value is ParleyError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** The part of the error that may be logged, stored, streamed or shown. */
  toJSON(): { code: ErrorCode; message: string; retryable: boolean; details: { [key: string]: Json } } {
    return { code: this.code, message: this.message, retryable: this.retryable, details: this.details }
  }
}

/**
 * Gives any thrown value as a `ParleyError`. What is one already stays as it is; anything else becomes the fallback's
 * code and fixed message, with the original as `cause`, so that foreign text reaches nobody.
 */
export function toParleyError(thrown: unknown, fallback: Omit<ParleyErrorOptions, 'cause'>): ParleyError {
  return ParleyError.isInstance(thrown) ? thrown : new ParleyError({ ...fallback, cause: thrown })
}
