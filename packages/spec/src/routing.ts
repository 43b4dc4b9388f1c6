import type { ChannelId } from './ids.ts'

export type RoutingReason =
  | 'addressed'
  | 'sticky'
  | 'rule'
  | 'default'
  | 'unrouted'
  | 'agent_source'
  | 'human_mode'
  | 'paused'
  | 'internal'
  | 'request'
  | 'orchestration_missing'

/** Why a candidate was passed over. */
export interface SkippedCandidate {
  agentId: ChannelId
  why: 'not_bound' | 'not_an_agent' | 'cannot_read' | 'not_registered' | 'no_model'
}

/** Who is asked about an event, and why: stamped on the event, so it is its own receipt. */
export interface RoutingDecision {
  target: ChannelId | null
  /** Agents that see the event besides the target and may act on it. */
  observers: ChannelId[]
  reason: RoutingReason
  /** The rule that matched, or `hook:<name>` for a hook that routed anew. */
  rule?: string
  skipped: SkippedCandidate[]
  /** All that were addressed, when the sender addressed several. */
  targets?: ChannelId[]
}
