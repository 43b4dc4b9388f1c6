import type { Clock, IdSource, SqlDatabase, ToolContext } from '@parley/spec'
import type { HelpSearch } from '../help/help-search.ts'
import type { CreditDesk } from '../workflows/credit-desk.ts'

/** What the tools work with. */
export interface HarborServices {
  database: SqlDatabase
  clock: Clock
  ids: IdSource
  help: HelpSearch
  credits: CreditDesk
  /** Says something to a caller whose conversation has ended, where no agent is there to tell it. */
  tellCaller: (call: Pick<ToolContext, 'room' | 'agentId' | 'callId'>, words: string) => Promise<void>
  /** How long a line test takes, in ms. */
  lineTestMs: number
}

/** The present instant as it is stored. */
export function instantOf(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
