import { ParleyError } from '@parley/spec'

import { codeOf, sqlState, storeUnavailable } from '../database/database-errors.ts'

/** A wait of a batch has the id of another run's wait. */
export const foreignWaitState = 'PY003'

const invalidBytes = '22021'

/** Runs a statement of the back end; whatever the database says is told in the words of workflows. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (ParleyError.isInstance(error)) throw error
    const code = codeOf(error)
    if (code === invalidBytes || code === sqlState.untranslatableCharacter) throw unstorableKey(error)
    throw storeUnavailable(error)
  }
}

/** Whether a statement failed because a wait would take the id or the token of another. */
export function isWaitTaken(error: unknown): boolean {
  const code = codeOf(error)
  return code === foreignWaitState || code === sqlState.uniqueViolation
}

function unstorableKey(cause: unknown): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'An id, a key or a name holds a NUL character, which cannot be stored. Remove it; values may hold one.',
    details: { path: 'key', expected: 'text without NUL' },
    cause,
  })
}
