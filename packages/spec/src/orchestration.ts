import type { ChannelType } from './channel.ts'
import type { RoomContext } from './conversation-store.ts'
import type { ConversationState } from './conversation-state.ts'
import type { HandoffContract } from './handoff.ts'
import type { ChannelId } from './ids.ts'
import type { RoomEvent } from './room-event.ts'

/** A predicate of a routing rule, or the name of one registered with the kit. */
export type RoutingPredicate =
  | ((event: RoomEvent, context: RoomContext, state: ConversationState) => boolean)
  | { predicate: string }

/** All conditions that are set must hold; an empty list never does. */
export interface RoutingConditions {
  phases?: string[]
  channelTypes?: ChannelType[]
  /** Compared with `event.metadata.intent`. */
  intents?: string[]
  sourceChannelIds?: ChannelId[]
  languages?: string[]
  custom?: RoutingPredicate
}

/** Maps conditions to an agent. Lower priorities are tried first. */
export interface RoutingRule {
  agentId: ChannelId
  conditions?: RoutingConditions
  /** @default 0 */
  priority?: number
  name?: string
}

/** A pipeline's unit for a phase. */
export interface PipelineStage {
  phase: string
  agentId: ChannelId
  next?: string | string[] | null
  canReturnTo?: Iterable<string>
  description?: string
  contract?: HandoffContract
}
