import { ParleyError } from '@parley/spec'

import { codeOf, sqlState, storeUnavailable } from '../database/database-errors.ts'

/** Runs a statement of the store; whatever the database says is told in the store's own words. */
export async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (ParleyError.isInstance(error)) throw error
    const code = codeOf(error)
    if (code === sqlState.untranslatableCharacter || code === sqlState.invalidText) throw unstorableText(error)
    throw storeUnavailable(error)
  }
}

function unstorableText(cause: unknown): ParleyError {
  return new ParleyError({
    code: 'content_invalid',
    message: 'A text holds a character that cannot be stored (NUL or half a surrogate pair). Remove it.',
    details: { expected: 'well-formed text without NUL' },
    cause,
  })
}

export function roomNotFound(roomId: string): ParleyError {
  return new ParleyError({
    code: 'room_not_found',
    message: `There is no room ${roomId}. Create it first.`,
    details: { roomId },
  })
}

export function roomExists(roomId: string): ParleyError {
  return new ParleyError({
    code: 'room_exists',
    message: `A room ${roomId} exists already. Use it, or choose another id.`,
    details: { roomId },
  })
}

export function versionConflict(roomId: string, version: number): ParleyError {
  return new ParleyError({
    code: 'version_conflict',
    message: `Room ${roomId} was changed meanwhile. Read it again and repeat the change.`,
    details: { roomId, version },
  })
}

export function eventNotFound(roomId: string, eventId: string): ParleyError {
  return new ParleyError({
    code: 'event_not_found',
    message: `Room ${roomId} has no event ${eventId}.`,
    details: { roomId, eventId },
  })
}

export function invalidDraft(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `A draft of the commit has a wrong ${path}: expected ${expected}.`,
    details: { path, expected },
  })
}
