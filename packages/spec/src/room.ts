import { z } from 'zod'
import type { ConversationStateJson } from './conversation-state.ts'
import type { OrganizationId, RoomId } from './ids.ts'
import type { Instant, Json } from './json.ts'

export type RoomStatus = 'active' | 'paused' | 'closed' | 'archived'

/** When a room pauses and closes by itself. */
export interface RoomTimers {
  inactiveAfterMs?: number
  closedAfterMs?: number
}

/** `addressedOnly`: agents answer agents only when addressed. */
export type AgentResponsePolicy = 'chain' | 'addressedOnly'

/** How a room's agents are orchestrated; functions are referred to by id. */
export interface OrchestrationSpec {
  kind: 'router' | 'pipeline' | 'swarm' | 'supervisor' | 'loop'
  id: string
  version: number
  spec: Json
}

/** Persisted state of a conversation; its log is beside it. */
export interface Room {
  id: RoomId
  organizationId?: OrganizationId
  sessionId?: string
  status: RoomStatus
  /** Counts changes of status, metadata, timers, policy, conversation and orchestration. */
  version: number
  createdAt: Instant
  updatedAt: Instant
  pausedAt?: Instant
  closedAt?: Instant
  lastActivityAt: Instant
  timers: RoomTimers
  agentResponsePolicy: AgentResponsePolicy
  metadata: Record<string, Json>
  conversation?: ConversationStateJson
  orchestration?: OrchestrationSpec | null
  eventCount: number
  /** -1 when the log is empty. */
  latestIndex: number
  /** Up to where deliveries are done; -1 at first. */
  deliveredIndex: number
  /** The room this one was opened from, when it is a delegation's. */
  parentRoomId?: RoomId
  delegationId?: string
}

export const roomTimersSchema: z.ZodType<RoomTimers> = z.strictObject({
  inactiveAfterMs: z.number().positive().optional(),
  closedAfterMs: z.number().positive().optional(),
}) as z.ZodType<RoomTimers>
