import { checkOptions, ParleyError, type MemoryProvider } from '@parley/spec'
import { messageTokens } from '../agent/token-estimate.ts'
import { newestWithin } from './message-units.ts'

/** How far back a memory looks that is bounded by tokens. */
export const WIDE_WINDOW = 2_000

export interface BudgetedOptions {
  /** Of the room the model's window leaves for the past, 0 to 1. @default 0.6 */
  share?: number
}

/**
 * Reads as much of the log's end as fits into a share of the model's window, in whole messages.
 * @throws {ParleyError} `invalid_options`
 */
export function budgeted(options: BudgetedOptions = {}): MemoryProvider {
  checkOptions('budgeted', options, ['share'])
  const { share = 0.6 } = options
  if (!(share > 0 && share <= 1)) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'share must be above 0 and at most 1.',
      details: { path: 'share', expected: '0 to 1' },
    })
  }
  return {
    name: 'Budgeted',
    recentEventsWindow: WIDE_WINDOW,
    retrieve({ events, toMessages, budgetTokens, countTokens }) {
      const tokensOf = (message: Parameters<typeof messageTokens>[0]): number => messageTokens(message, countTokens)
      return Promise.resolve({ messages: newestWithin(toMessages(events), budgetTokens * share, tokensOf) })
    },
  }
}
