import type { Budget } from './budget-port.ts'
import type { SystemContent } from './content.ts'
import type { ConversationState } from './conversation-state.ts'
import type { EphemeralInput } from './ephemeral.ts'
import type { Delegation, DelegateOptions } from './delegation.ts'
import type { HandoffInput, HandoffActor, HandoffResult } from './handoff.ts'
import type { SendResult } from './inbound.ts'
import type { ChannelId, RoomId, TurnId } from './ids.ts'
import type { Json } from './json.ts'
import type { Participant } from './participant.ts'
import type { Room } from './room.ts'
import type { EventInput, RoomEvent } from './room-event.ts'
import type { EventQuery, ObservationInput, RoomTaskInput } from './room-records.ts'
import type { Clock } from './world.ts'

/** A room as channels, agents and tools see it. No call waits for the room to settle. */
export interface RoomHandle {
  readonly id: RoomId
  room(): Promise<Room>
  send(input: EventInput): Promise<SendResult>
  events(query?: EventQuery): Promise<RoomEvent[]>
  state(): Promise<ConversationState>
  updateState(change: (state: ConversationState) => ConversationState): Promise<ConversationState>
  publish(event: EphemeralInput): void
  delegate(agentId: ChannelId, task: string, options: DelegateOptions): Promise<Delegation>
  handoff(input: HandoffInput, options: { by: HandoffActor; signal?: AbortSignal }): Promise<HandoffResult>
}

/** One agent's work on one event. There is no ambient room: this is passed on explicitly. */
export interface TurnContext {
  room: RoomHandle
  /** The (last) trigger. */
  event: RoomEvent
  agentId: ChannelId
  turnId: TurnId
  sessionId?: string
  state: ConversationState
  /** Who the trigger came from. */
  participant?: Participant
  /** The room's effective language. */
  language?: string
  signal: AbortSignal
  budget: Budget
  clock: Clock
  /** What the host gave its agents to work with. */
  deps: unknown
}

/** How a turn ended. */
export type TurnEnd =
  | 'completed'
  | 'empty'
  | 'handedOff'
  | 'aborted'
  | 'timeout'
  | 'failed'
  | 'interrupted'
  | 'budgetExceeded'

/** A tool call as the log shows it. Sensitive arguments and results are masked. */
export interface ToolCallRecord {
  callId: string
  name: string
  arguments: Json
  result?: Json
  structured?: Json
  error?: { code: string; message: string }
  durationMs?: number
}

/** What an agent's turn yields. */
export type TurnOutput =
  | { type: 'textDelta' | 'thinkingDelta'; text: string }
  | { type: 'toolCallStarted' | 'toolCallEnded'; call: ToolCallRecord }
  | { type: 'task'; task: RoomTaskInput }
  | { type: 'observation'; observation: ObservationInput }
  /** A notice of the system in the reply's place, such as an agent's failure line. */
  | { type: 'notice'; content: SystemContent }
  | { type: 'end'; reason: TurnEnd; data?: { [key: string]: Json } }
