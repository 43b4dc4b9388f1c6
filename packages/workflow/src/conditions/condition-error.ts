import { ParleyError, type Json } from '@parley/spec'

/** The error of a condition that cannot be evaluated: `condition_error`, with limits and operators as details. */
export function conditionError(message: string, details: { [key: string]: Json } = {}): ParleyError {
  return new ParleyError({ code: 'condition_error', message, details })
}
