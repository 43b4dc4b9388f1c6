import type { Violation } from './contract.ts'
import type { Contract } from './contract.ts'
import type { ChannelId, RoomId } from './ids.ts'
import type { Json, JsonSchema } from './json.ts'

/** Who asks for a handoff. */
export interface HandoffActor {
  kind: 'agent' | 'person' | 'code' | 'system'
  id: string
}

export type ChannelEscalation = 'same' | 'voice' | 'email' | 'sms'

/** How the receiver of a handoff begins. */
export type HandoffOpening = 'greeting' | 'resume' | 'silent'

/** A handoff as it was asked for, parsed. */
export interface HandoffRequest {
  targetAgentId: string
  reason: string
  summary: string
  nextPhase?: string
  channelEscalation?: ChannelEscalation
  payload?: Json
  context: Record<string, Json>
  urgent: boolean
  by: HandoffActor
}

/** What code and people say of a handoff. */
export interface HandoffInput<Payload = Json> {
  target: string
  reason: string
  summary: string
  payload?: Payload
  /** Types the payload: the contract of the stage that is handed to. The stage's own contract is what is checked. */
  contract?: HandoffContract<Payload>
  phase?: string
  urgent?: boolean
  opening?: HandoffOpening
}

/** Why a handoff was refused. */
export const handoffRejections = [
  'room_closed',
  'handoff_invalid_arguments',
  'handoff_no_room',
  'handoff_in_progress',
  'handoff_not_active_agent',
  'handoff_unknown_target',
  'handoff_not_an_agent',
  'handoff_target_unavailable',
  'handoff_to_self',
  'handoff_phase_not_allowed',
  'handoff_transition_not_allowed',
  'handoff_contract',
  'handoff_refused',
  'handoff_limit',
  'handoff_escalation_unavailable',
  'handoff_human_unavailable',
  'handoff_conflict',
] as const

export type HandoffRejection = (typeof handoffRejections)[number]

export type HandoffResult =
  | { accepted: true; newAgentId: string | null; newPhase: string; message: string; handoffId: string }
  | {
      accepted: false
      code: HandoffRejection
      /** A sentence for the model, with what to do. */
      reason: string
      message: string
      violations?: Violation[]
      allowed?: string[]
      retryAfterMs?: number
    }

/** A switch that is about to be made. */
export interface HandoffPlan {
  handoffId: string
  roomId: RoomId
  from: ChannelId | null
  to: ChannelId | null
  fromPhase: string
  toPhase: string
  request: HandoffRequest
  opening: HandoffOpening
  baseVersion: number
}

/** Something that must be ready before the switch: a call, a workflow, a host. */
export interface HandoffParticipant {
  prepare(plan: HandoffPlan, options: { signal: AbortSignal }): Promise<{ ok: true } | { ok: false; reason: string }>
  commit(plan: HandoffPlan): Promise<void>
  rollback(plan: HandoffPlan): Promise<void>
}

/** What a payload must satisfy before a stage is entered. */
export interface HandoffContract<Output = unknown> {
  schema: Contract<Output>
  /** For schemas that cannot say their own. */
  jsonSchema?: JsonSchema
  /** @default 'ask' */
  onMissing?: 'ask' | 'reject'
  /** @default 3 */
  maxAsks?: number
  /** Fields filled from the conversation's context when absent. */
  carry?: string[]
}
