import type { Content } from './content.ts'
import type { BlockReason } from './inbound.ts'
import type { ChannelType } from './channel.ts'
import type { ChannelId, EventId, ParticipantId, RoomId, TurnId } from './ids.ts'
import type { Instant, Json } from './json.ts'
import type { RoutingDecision } from './routing.ts'
import type { Visibility } from './visibility.ts'

/** The types of events that Parley itself knows, besides custom ones (`x.<namespace>.<name>`). */
export const eventTypes = [
  'message',
  'edit',
  'delete',
  'reaction',
  'note',
  'system',
  'toolCallStarted',
  'toolCallEnded',
  'observation',
  'taskCreated',
  'taskUpdated',
  'dtmf',
  'backchannel',
  'participantJoined',
  'participantLeft',
  'participantIdentified',
  'participantUpdated',
  'channelAttached',
  'channelDetached',
  'channelMuted',
  'channelUnmuted',
  'channelUpdated',
  'roomPaused',
  'roomResumed',
  'roomClosed',
  'roomReopened',
  'roomArchived',
  'handoff',
  'phaseChanged',
  'modeChanged',
  'delegated',
  'delegationEnded',
  'requestOpened',
  'requestClosed',
  'callStarted',
  'callEnded',
  'recordingStarted',
  'recordingStopped',
] as const

export type EventType = (typeof eventTypes)[number] | `x.${string}.${string}`

/** Who or what an event comes from. */
export interface EventSource {
  kind: 'person' | 'agent' | 'system'
  channelId?: ChannelId
  channelType: ChannelType
  participantId?: ParticipantId
  externalId?: string
  provider?: string
  providerMessageId?: string
  medium: 'text' | 'voice' | 'keypad' | 'system'
  /** What the provider sent, unmodified, for audit. */
  raw?: Json
}

/** What a provider's channel knows of an event. */
export interface ChannelData {
  provider?: string
  externalId?: string
  threadId?: string
  extra?: Json
}

/** One entry of a room's log. */
export interface RoomEvent {
  id: EventId
  roomId: RoomId
  /** Position in the log: 0, 1, 2 ... without gap. */
  index: number
  type: EventType
  status: 'committed' | 'blocked'
  blocked?: { reason: BlockReason; by?: string }
  source: EventSource
  content: Content
  /** The effective visibility, computed once at commit. */
  visibility: Visibility
  responseVisibility?: Visibility
  /** `null` lets the router decide; `[]` asks nobody. */
  addressedTo: ChannelId[] | null
  routing?: RoutingDecision
  /** Always the root of the thread. */
  parentEventId?: EventId
  /** Ties all segments and tool events of one turn together. */
  correlationId?: string
  /** The event that caused this one. */
  causeId?: EventId
  turnId?: TurnId
  segmentId?: string
  /** 0 for people's events, the cause's plus 1 for agents' events. */
  chainDepth: number
  idempotencyKey?: string
  /** Hooks that saw an event whose content came out changed, such as a redaction; what was said before is nowhere. */
  changedBy?: string[]
  createdAt: Instant
  edited?: { at: Instant; byIndex: number }
  deleted?: { at: Instant; byIndex: number; kind: 'author' | 'owner' | 'system' }
  redacted?: { at: Instant; by: string; reason: string }
  /** Reactions on this event, by emoji, with who reacted; a reading of `reaction` events. */
  reactions?: Record<string, string[]>
  metadata: Record<string, Json>
  channelData?: ChannelData
}

/** What a caller says of an event to be sent; everything else is the pipeline's. */
export interface EventInput {
  content: Content
  /** @default 'message' */
  type?: EventType
  visibility?: Visibility
  responseVisibility?: Visibility
  addressedTo?: ChannelId[] | null
  parentEventId?: EventId
  correlationId?: string
  idempotencyKey?: string
  metadata?: Record<string, Json>
  channelData?: ChannelData
}
