import type { ChannelType, ChannelBinding } from './channel.ts'
import type { Content } from './content.ts'
import type { ConversationStateJson } from './conversation-state.ts'
import type { ChannelId, EventId, OrganizationId, ParticipantId, RoomId } from './ids.ts'
import type { Instant, Json } from './json.ts'
import type { Identity, Participant } from './participant.ts'
import type { PendingRequest } from './requests.ts'
import type { AgentResponsePolicy, OrchestrationSpec, Room, RoomStatus, RoomTimers } from './room.ts'
import type { EventType, RoomEvent } from './room-event.ts'
import type {
  EventQuery,
  Observation,
  ReadMarker,
  Receipt,
  Reminder,
  RoomTask,
  StoredToolResult,
  Tombstone,
} from './room-records.ts'

/** One page of a list that may grow meanwhile. */
export interface Page<T> {
  items: T[]
  /** Opaque cursor of the next page; absent on the last. */
  next?: string
}

export interface FamilyFilter {
  roomId?: RoomId
  organizationId?: OrganizationId
  after?: string
  /** @default 100, at most 1 000 */
  limit?: number
}

/** A kind of record beside the log. Filters match fields by equality. */
export interface Family<V, F = {}> {
  get(scope: RoomId | OrganizationId, id: string): Promise<V | null>
  /** `ifAbsent`: writes nothing if any is there. `expected`: writes nothing unless the stored one has these fields. */
  put(values: V[], options?: { ifAbsent?: boolean; expected?: Partial<V> }): Promise<{ written: boolean }>
  list(filter: F & FamilyFilter): Promise<Page<V>>
  remove(scope: RoomId | OrganizationId, ids: string[]): Promise<number>
}

/** An event before the store gave it an index. */
export type EventDraft = Omit<RoomEvent, 'index' | 'edited' | 'deleted' | 'redacted' | 'reactions'>

/** What a draft does to an earlier event. */
export type TargetEffect = {
  targetEventId: EventId
  /** Which draft caused it. */
  draft: number
} & (
  | { kind: 'edit'; content: Content }
  | { kind: 'delete'; by: 'author' | 'owner' | 'system' }
  | { kind: 'reaction'; emoji: string; by: string; remove?: true }
)

/** What changes of a room, in one go. */
export interface RoomPatch {
  /** A planned room, made with its session. */
  create?: Room
  status?: RoomStatus
  expectedVersion?: number
  metadata?: { set?: Record<string, Json>; unset?: string[] }
  timers?: RoomTimers
  agentResponsePolicy?: AgentResponsePolicy
  sessionId?: string
  orchestration?: OrchestrationSpec | null
  bindings?: ChannelBinding[]
  /** Channels that leave; their tombstones are written with them. */
  detach?: ChannelId[]
  /** Tombstones that an explicit attach clears. */
  clearTombstones?: ChannelId[]
  participants?: Participant[]
}

/** Rises with each grant of a lock; a commit with a lower value than the last seen is refused. */
export interface FencingToken {
  key: string
  value: number
}

/** What is written together with drafts. */
export interface CommitExtras {
  conversation?: { expectedVersion: number; next: ConversationStateJson }
  room?: RoomPatch
  effects?: TargetEffect[]
  receipts?: Receipt[]
  /** New ones are put; decided ones are written only if the stored one is still open. */
  requests?: PendingRequest[]
  tasks?: RoomTask[]
  observations?: Observation[]
  fence?: FencingToken
}

export type CommitOutcome =
  | { events: RoomEvent[]; room: Room }
  | { duplicate: RoomEvent }
  | { conflict: 'conversation' | 'room' | 'request' | 'fence' }

/** Everything one decision about a room needs, read at once. */
export interface RoomContext {
  room: Room
  bindings: ChannelBinding[]
  participants: Participant[]
  recentEvents: RoomEvent[]
}

export interface RoomFilter {
  organizationId?: OrganizationId
  status?: RoomStatus
  parentRoomId?: RoomId
  /** State mode, such as `human`. */
  mode?: string
  /** Only rooms with activity at or after this instant. */
  activeSince?: Instant
  after?: string
  limit?: number
}

/** Rooms, their logs and the records beside them. */
export interface ConversationStore {
  createRoom(room: Room): Promise<Room>
  getRoom(id: RoomId, options?: { organizationId?: OrganizationId }): Promise<Room | null>
  /** Saves a changed copy. @throws {ParleyError} `version_conflict` when it is stale */
  updateRoom(room: Room): Promise<Room>
  patchRoom(id: RoomId, patch: Omit<RoomPatch, 'create'>): Promise<Room>
  findRooms(filter: RoomFilter): Promise<Page<Room>>
  /** The latest active or paused room in which this sender takes part by this channel type. */
  findLatestRoom(query: {
    participantId: ParticipantId
    channelType: ChannelType
    organizationId?: OrganizationId
  }): Promise<Room | null>
  roomsByChannel(query: {
    channelId: ChannelId
    statuses?: RoomStatus[]
    organizationId?: OrganizationId
    limit?: number
  }): Promise<Room[]>
  /** Rooms whose timers are due at `now`, longest overdue first. */
  dueRooms(now: Instant, limit: number): Promise<Room[]>
  /** Writes drafts and everything with them, or nothing. */
  commit(roomId: RoomId, drafts: EventDraft[], also?: CommitExtras): Promise<CommitOutcome>
  events(roomId: RoomId, query?: Omit<EventQuery, 'asReader'>): Promise<RoomEvent[]>
  /** The last `n` events that pass, ascending. */
  tail(
    roomId: RoomId,
    n: number,
    filter?: { types?: EventType[]; upToIndex?: number; statuses?: RoomEvent['status'][] },
  ): Promise<RoomEvent[]>
  getEvent(roomId: RoomId, eventId: EventId, options?: { raw?: boolean }): Promise<RoomEvent | null>
  eventByIdempotencyKey(roomId: RoomId, key: string): Promise<RoomEvent | null>
  eventCount(roomId: RoomId): Promise<number>
  /** Erases content and raw of one event for good. */
  redact(roomId: RoomId, eventId: EventId, redacted: { at: Instant; by: string; reason: string }): Promise<RoomEvent>
  /** Moves the cursor of deliveries by compare-and-set. */
  advanceDelivered(roomId: RoomId, from: number, to: number): Promise<boolean>
  /** Rooms with events whose deliveries are not done. */
  undelivered(limit: number): Promise<Room[]>
  readonly bindings: Family<ChannelBinding, { channelId?: ChannelId }>
  readonly tombstones: Family<Tombstone>
  readonly participants: Family<Participant, { status?: Participant['status'] }>
  readonly identities: Family<Identity, { channelType?: ChannelType; address?: string }>
  readonly tasks: Family<RoomTask, { status?: RoomTask['status'] }>
  readonly observations: Family<Observation>
  readonly requests: Family<
    PendingRequest,
    { id?: string; status?: PendingRequest['status']; kind?: PendingRequest['kind'] }
  >
  readonly readMarkers: Family<ReadMarker>
  readonly receipts: Family<Receipt, { kind?: Receipt['kind']; turnId?: string; eventIndex?: number }>
  readonly reminders: Family<Reminder, { dueBefore?: Instant }>
  readonly toolResults: Family<StoredToolResult, { turnId?: string }>
  loadContext(roomId: RoomId, options: { tail: number }): Promise<RoomContext | null>
  /** Whether everything is gone with the process. */
  readonly isProcessLocal: boolean
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** One holder at a time per key, in order of asking. */
export interface RoomLocks {
  /** @throws {ParleyError} `lock_timeout` */
  withLock<T>(
    key: string,
    run: (token: FencingToken) => Promise<T>,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<T>
  /** Whether one process only is kept apart. */
  readonly isProcessLocal: boolean
  close?(): Promise<void>
}

/** Messages between the servers of one installation. */
export interface Backplane {
  publish(topic: string, message: Json): Promise<void>
  subscribe(topic: string, listener: (message: Json) => void): () => void
  onState(listener: (state: 'connected' | 'disconnected') => void): () => void
  close?(): Promise<void>
}
