import { ParleyError } from './parley-error.ts'

const defaultLimit = 100
const maxLimit = 1_000

/**
 * The number of entries a list gives: 100 unless asked, never over 1 000.
 * @throws {ParleyError} `invalid_options` when it is not a number of entries
 */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return defaultLimit
  if (!(limit >= 0)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'limit must be a number of entries, 0 or more.',
      details: { path: 'limit', expected: 'a number from 0 to 1000' },
    })
  }
  return Math.min(Math.floor(limit), maxLimit)
}

/**
 * Reads the cursor that a page of a store gave; -1 starts at the beginning.
 * @throws {ParleyError} `invalid_options` when it is not one
 */
export function parseCursor(after: string | undefined): number {
  if (after === undefined) return -1
  const position = Number(after)
  if (after !== '' && Number.isSafeInteger(position) && position >= 0) return position
  throw new ParleyError({
    code: 'invalid_options',
    message: 'after is not a cursor of this list. Pass the `next` of the former page.',
    details: { path: 'after', expected: 'the next of a former page' },
  })
}
