import type {
  Actor,
  AnswerResult,
  BindingOptions,
  Channel,
  ChannelBinding,
  ChannelId,
  ConversationState,
  ConversationStore,
  Disposer,
  EphemeralEvent,
  EphemeralInput,
  EventInput,
  EventQuery,
  HandoffActor,
  HandoffInput,
  HandoffResult,
  HumanState,
  Json,
  OrganizationId,
  Participant,
  ParticipantId,
  ParticipantRole,
  PendingRequest,
  ReadMarker,
  Receipt,
  ReceiptKind,
  RequestDecision,
  Room,
  RoomEvent,
  RoomId,
  RoomTimers,
  SendResult,
} from '@parley/spec'

/** How a supervisor takes part. */
export type CoachMode = 'off' | 'monitor' | 'whisperAgent' | 'whisperHuman' | 'barge'

/** A room that waits for a person. */
export interface QueueEntry {
  roomId: RoomId
  human: HumanState
  [field: string]: unknown
}

/** What a new room may be given over the wire. */
export interface NewRoomOptions {
  id?: RoomId
  organizationId?: OrganizationId
  metadata?: Record<string, Json>
  timers?: RoomTimers
  agentResponsePolicy?: Room['agentResponsePolicy']
  channels?: ChannelId[]
}

/** Who joins a room. */
export interface NewMember {
  id: ParticipantId
  channelId: ChannelId
  displayName?: string
  role?: ParticipantRole
  metadata?: Record<string, Json>
}

/** What the server needs of a `Kit`. A kit is one; tests of a single route may bring something smaller. */
export interface RoomsService {
  createRoom(options: NewRoomOptions): Promise<Room>
  /** @throws {ParleyError} `room_not_found` */
  getRoom(roomId: RoomId): Promise<Room>
  closeRoom(roomId: RoomId, options?: { reason?: string }): Promise<unknown>
  reopen(roomId: RoomId): Promise<unknown>
  register(channel: Channel): unknown
  channels(): readonly Channel[]
  attach(roomId: RoomId, channelId: ChannelId, options?: BindingOptions): Promise<ChannelBinding>
  detach(roomId: RoomId, channelId: ChannelId): Promise<unknown>
  bindings(roomId: RoomId): Promise<ChannelBinding[]>
  mute(roomId: RoomId, channelId: ChannelId): Promise<unknown>
  unmute(roomId: RoomId, channelId: ChannelId): Promise<unknown>
  setAccess(roomId: RoomId, channelId: ChannelId, access: ChannelBinding['access']): Promise<unknown>
  setVisibility(roomId: RoomId, channelId: ChannelId, visibility: ChannelBinding['visibility']): Promise<unknown>
  addMember(roomId: RoomId, member: NewMember): Promise<Participant>
  removeMember(roomId: RoomId, participantId: ParticipantId): Promise<unknown>
  members(roomId: RoomId): Promise<Participant[]>
  send(roomId: RoomId, input: { from: ParticipantId; text?: string } & Partial<EventInput>, options?: { signal?: AbortSignal }): Promise<SendResult>
  events(roomId: RoomId, query?: EventQuery): Promise<RoomEvent[]>
  receipts(
    roomId: RoomId,
    query?: { kind?: ReceiptKind; turnId?: string; after?: string; limit?: number },
  ): Promise<Receipt[]>
  state(roomId: RoomId): Promise<ConversationState>
  markRead(roomId: RoomId, readerId: string, index: number): Promise<unknown>
  readMarkers(roomId: RoomId): Promise<ReadMarker[]>
  pendingRequests(query: {
    roomId?: RoomId
    kind?: PendingRequest['kind']
    organizationId?: OrganizationId
  }): Promise<PendingRequest[]>
  answerRequest(
    id: string,
    decision: RequestDecision,
    options?: { organizationId?: OrganizationId },
  ): Promise<AnswerResult>
  publish(roomId: RoomId, event: EphemeralInput): void
  subscribe(roomId: RoomId, listener: (event: EphemeralEvent) => void): Disposer
  on(type: 'eventProcessed', listener: (event: { roomId?: RoomId }) => void): Disposer
  handoff(roomId: RoomId, input: HandoffInput, options: { by: HandoffActor; signal?: AbortSignal }): Promise<HandoffResult>
  requestHuman(
    roomId: RoomId,
    request: { reason: string; urgency?: 'normal' | 'high'; payload?: Json },
    options: { by: Actor },
  ): Promise<unknown>
  humanQueue(query: { organizationId?: OrganizationId; limit?: number }): Promise<QueueEntry[]>
  claim(roomId: RoomId, participantId: ParticipantId): Promise<{ ok: true } | { ok: false; takenBy: string }>
  takeover(roomId: RoomId, participantId: ParticipantId, options?: { reason?: string }): Promise<unknown>
  handBack(
    roomId: RoomId,
    input: { target: string; payload?: Json; note?: string },
    options: { by: Actor },
  ): Promise<HandoffResult>
  pause(roomId: RoomId, options: { by: Actor; reason?: string }): Promise<unknown>
  resume(roomId: RoomId, options: { by: Actor }): Promise<unknown>
  coach(roomId: RoomId, participantId: ParticipantId, mode: CoachMode): Promise<unknown>
  readonly store: Pick<ConversationStore, 'findRooms' | 'patchRoom'>
}
