import type { ChatMessage } from './chat-model.ts'
import type { ConversationState } from './conversation-state.ts'
import type { ChannelId, RoomId } from './ids.ts'
import type { RoomEvent } from './room-event.ts'

/** What a memory is asked for. */
export interface MemoryQuery {
  roomId: RoomId
  agentId: ChannelId
  trigger: RoomEvent
  /** Filtered for this agent, ascending; the trigger is the last one. */
  events: RoomEvent[]
  /** How a window of events reads as messages: speakers, labels and tool calls as rooms have them. */
  toMessages(events: RoomEvent[]): ChatMessage[]
  state: ConversationState
  budgetTokens: number
  countTokens(text: string): number
  signal: AbortSignal
}

export interface Memory {
  messages: ChatMessage[]
  /** Go into the system prompt, before the identity block. */
  notes?: string[]
}

/** Chooses what an agent reads of the past. */
export interface MemoryProvider {
  readonly name: string
  retrieve(query: MemoryQuery): Promise<Memory>
  ingest?(event: RoomEvent, context: { roomId: RoomId; agentId: ChannelId }): Promise<void>
  clear?(roomId: RoomId): Promise<void>
  close?(): Promise<void>
  readonly recentEventsWindow?: number
}
