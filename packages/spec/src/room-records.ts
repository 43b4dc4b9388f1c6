import type { ChannelId, EventId, RoomId, TurnId } from './ids.ts'
import type { Instant, Json } from './json.ts'
import type { EventType } from './room-event.ts'

/** A to-do noted in a room. */
export interface RoomTask {
  id: string
  roomId: RoomId
  eventId?: EventId
  title: string
  description?: string
  assignedTo?: string
  status: 'pending' | 'inProgress' | 'completed' | 'failed' | 'cancelled'
  createdAt: Instant
  updatedAt: Instant
  metadata: Record<string, Json>
}

export interface RoomTaskInput {
  title: string
  description?: string
  assignedTo?: string
  metadata?: Record<string, Json>
}

/** Something an agent or hook noticed. */
export interface Observation {
  id: string
  roomId: RoomId
  channelId: ChannelId
  content: string
  category?: string
  /** 0 to 1. */
  confidence: number
  createdAt: Instant
  metadata: Record<string, Json>
}

export interface ObservationInput {
  content: string
  category?: string
  /** @default 1 */
  confidence?: number
  metadata?: Record<string, Json>
}

export type ReceiptKind =
  | 'routing'
  | 'modelRouting'
  | 'turn'
  | 'tool'
  | 'handoff'
  | 'mode'
  | 'block'
  | 'identity'
  | 'memory'
  | 'delivery'
  | 'delegation'
  | 'request'
  | 'budget'
  | `voice.${string}`

/** The stored, typed reason for a decision. Append-only. */
export interface Receipt {
  id: string
  roomId: RoomId
  kind: ReceiptKind
  at: Instant
  turnId?: TurnId
  eventIndex?: number
  actor?: { kind: string; id: string }
  data: Json
}

/** How far a reader has read. */
export interface ReadMarker {
  roomId: RoomId
  readerId: string
  index: number
  at: Instant
}

/** A message to be given to the host or an agent at a time. */
export interface Reminder {
  roomId: RoomId
  key: string
  at: Instant
  payload: Json
  agentId?: ChannelId
}

/** A large tool result, kept so a model can page through it. */
export interface StoredToolResult {
  id: string
  roomId: RoomId
  turnId: TurnId
  name: string
  text: string
  createdAt: Instant
}

/** Marks that a channel was detached on purpose. */
export interface Tombstone {
  roomId: RoomId
  channelId: ChannelId
  at: Instant
}

/** Which entries of a log to read. */
export interface EventQuery {
  /** Only entries with a higher index. */
  after?: number
  /** Only entries with a lower index. */
  before?: number
  /** @default 100, at most 1 000 */
  limit?: number
  types?: EventType[]
  /** Only this root event and its replies. */
  thread?: EventId
  /** Only what this channel may see. */
  asReader?: ChannelId
  newestFirst?: boolean
  /** Without the effect of edits and deletes. */
  raw?: boolean
}
