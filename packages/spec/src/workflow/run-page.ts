import { pageLimit } from '../paging.ts'
import { ParleyError } from '../parley-error.ts'
import { durableLimits } from './durable-limits.ts'
import type { RunFilter } from './durable-backend.ts'

/**
 * How many runs a page holds, and the position they lie before: runs are numbered in order of creation, and a cursor is
 * the number of the last run of a page.
 * @throws {ParleyError} `invalid_options` when the limit or the cursor is not one
 */
export function parseRunPage({ limit, cursor }: RunFilter): { limit: number; before: number } {
  const size = pageLimit(limit ?? durableLimits.pageSize)
  if (cursor === undefined) return { limit: size, before: Number.MAX_SAFE_INTEGER }
  const before = Number(cursor)
  if (cursor !== '' && Number.isSafeInteger(before) && before >= 0) return { limit: size, before }
  throw new ParleyError({
    code: 'invalid_options',
    message: 'cursor is not a cursor of the list of runs. Pass the cursor of the former page.',
    details: { path: 'cursor', expected: 'the cursor of a former page' },
  })
}
