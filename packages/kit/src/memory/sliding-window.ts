import { checkOptions, type MemoryProvider } from '@parley/spec'
import { messageTokens } from '../agent/token-estimate.ts'
import { newestWithin } from './message-units.ts'

export interface SlidingWindowOptions {
  /** @default 50 */
  events?: number
}

/** Reads the last events of the log as they are, as far as the model's window allows. */
export function slidingWindow(options: SlidingWindowOptions = {}): MemoryProvider {
  checkOptions('slidingWindow', options, ['events'])
  const { events: count = 50 } = options
  return {
    name: 'SlidingWindow',
    recentEventsWindow: count,
    async retrieve({ events, toMessages, budgetTokens, countTokens }) {
      const messages = toMessages(events.slice(-count))
      return { messages: newestWithin(messages, budgetTokens, (message) => messageTokens(message, countTokens)) }
    },
  }
}
