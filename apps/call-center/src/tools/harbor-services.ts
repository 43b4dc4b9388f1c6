import type { Clock, IdSource, SqlDatabase } from '@parley/spec'
import type { HelpSearch } from '../help/help-search.ts'
import type { CreditApproval } from './credit-approval.ts'

/** What the tools work with. */
export interface HarborServices {
  database: SqlDatabase
  clock: Clock
  ids: IdSource
  help: HelpSearch
  creditApproval: CreditApproval
  /** How long a line test takes, in ms. */
  lineTestMs: number
}

/** The present instant as it is stored. */
export function instantOf(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
