import { checkOptions, type ChannelId, type ChatMessage, type MemoryProvider, type RoomId } from '@parley/spec'
import { messageTokens } from '../agent/token-estimate.ts'
import { newestWithin } from './message-units.ts'
import { slidingWindow } from './sliding-window.ts'

export interface AgentSessionMemoryOptions {
  /** Earlier messages of the session, oldest first: from an agent service, a file, anywhere. */
  messages: (query: {
    roomId: RoomId
    agentId: ChannelId
    limit: number
    signal: AbortSignal
  }) => Promise<ChatMessage[]>
  /** @default 50 */
  limit?: number
  /** What is read of the log itself. @default the last 50 events */
  inner?: MemoryProvider
}

/** Puts an earlier session before the log of the room; what both hold is read once. */
export function agentSessionMemory(options: AgentSessionMemoryOptions): MemoryProvider {
  checkOptions('agentSessionMemory', options, ['messages', 'limit', 'inner'])
  const { messages, limit = 50, inner = slidingWindow() } = options
  return {
    name: 'AgentSession',
    recentEventsWindow: inner.recentEventsWindow ?? 50,
    async retrieve(query) {
      const { roomId, agentId, signal, budgetTokens, countTokens } = query
      const [past, session] = await Promise.all([inner.retrieve(query), messages({ roomId, agentId, limit, signal })])
      const tokensOf = (message: ChatMessage): number => messageTokens(message, countTokens)
      const known = new Set(past.messages.map(keyOf))
      const earlier = session.slice(-limit).filter((message) => !known.has(keyOf(message)))
      const left = budgetTokens - past.messages.reduce((sum, message) => sum + tokensOf(message), 0)
      return { ...past, messages: [...(left > 0 ? newestWithin(earlier, left, tokensOf) : []), ...past.messages] }
    },
    ingest: (event, context) => inner.ingest?.(event, context) ?? Promise.resolve(),
    clear: (roomId) => inner.clear?.(roomId) ?? Promise.resolve(),
    close: () => inner.close?.() ?? Promise.resolve(),
  }
}

function keyOf(message: ChatMessage): string {
  return JSON.stringify(message)
}
