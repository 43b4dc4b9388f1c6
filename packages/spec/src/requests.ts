import type { ChannelId, OrganizationId, ParticipantId, RequestId, RoomId, TurnId } from './ids.ts'
import type { Instant, Json, JsonSchema } from './json.ts'
import type { Violation } from './contract.ts'

/** Who did something. */
export interface Actor {
  kind: 'agent' | 'person' | 'code' | 'system'
  id: string
}

/** What a turn asks of a person: a colleague's approval, the caller's yes, or a value. */
export interface PendingRequest {
  id: RequestId
  roomId: RoomId
  organizationId?: OrganizationId
  kind: 'approval' | 'confirm' | 'input'
  agentId: ChannelId
  turnId: TurnId
  /** The person of the turn: answers `confirm` and `input`, never an `approval`. */
  participantId?: ParticipantId
  callId?: string
  /** The key the tool runs under once it is decided. */
  idempotencyKey?: string
  tool?: string
  /** `[REDACTED]` if sensitive. */
  arguments?: Json
  prompt?: string
  schema?: JsonSchema
  sensitive: boolean
  mode: 'suspend' | 'detach'
  createdAt: Instant
  expiresAt: Instant
  status: 'open' | 'approved' | 'rejected' | 'answered' | 'expired' | 'cancelled'
  decidedBy?: Actor
  reason?: string
  /** The value given with an answer, unless sensitive. */
  value?: Json
}

/** A person's answer to a request. */
export interface RequestDecision {
  decision: 'approve' | 'reject' | 'answer'
  by: Actor
  value?: Json
  reason?: string
}

export type AnswerResult =
  | { outcome: 'accepted'; request: PendingRequest }
  | { outcome: 'already_decided'; by: Actor | undefined }
  | { outcome: 'expired' | 'cancelled' }
  | { outcome: 'value_invalid'; violations: Violation[] }

/** How a request ended: what people decided, or that nobody did. */
export type RequestOutcome =
  | { status: 'approved' | 'answered'; by: RequestDecision['by']; value?: Json; reason?: string }
  | { status: 'rejected'; by: RequestDecision['by']; reason?: string }
  | { status: 'expired' | 'cancelled'; reason?: string }

/** What a tool gets for its question. */
export type Answer =
  | { status: 'answered'; value: Json }
  | { status: 'rejected' | 'expired' | 'cancelled'; reason?: string }

export const REDACTED = '[REDACTED]'
