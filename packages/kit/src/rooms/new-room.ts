import type {
  AgentResponsePolicy,
  BindingOptions,
  Channel,
  ChannelBinding,
  Instant,
  Json,
  OrganizationId,
  OrchestrationSpec,
  Participant,
  ParticipantRole,
  Room,
  RoomId,
  RoomTimers,
} from '@parley/spec'

/** What is known of a room that is about to be. */
export interface NewRoom {
  id: RoomId
  at: Instant
  organizationId?: OrganizationId | undefined
  metadata?: Record<string, Json> | undefined
  timers?: RoomTimers | undefined
  agentResponsePolicy?: AgentResponsePolicy | undefined
  orchestration?: OrchestrationSpec | null | undefined
  sessionId?: string | undefined
}

/** A room as it is before its first event. */
export function newRoom(given: NewRoom): Room {
  const {
    id,
    at,
    organizationId,
    metadata = {},
    timers = {},
    agentResponsePolicy = 'chain',
    orchestration,
    sessionId,
  } = given
  const room: Room = {
    id,
    status: 'active',
    version: 0,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
    timers: { ...timers },
    agentResponsePolicy,
    metadata,
    eventCount: 0,
    latestIndex: -1,
    deliveredIndex: -1,
  }
  if (organizationId !== undefined) room.organizationId = organizationId
  if (orchestration !== undefined) room.orchestration = orchestration
  if (sessionId !== undefined) room.sessionId = sessionId
  return room
}

/** A channel's binding as it is when attached. */
export function newBinding(
  roomId: RoomId,
  channel: Channel,
  at: Instant,
  options: BindingOptions = {},
): ChannelBinding {
  const { direction = 'both', access = 'readWrite', visibility = 'all', muted = false, outputMuted = false } = options
  const binding: ChannelBinding = {
    roomId,
    channelId: channel.channelId,
    channelType: channel.channelType,
    category: channel.category,
    direction,
    access,
    muted,
    outputMuted,
    visibility,
    capabilities: channel.capabilities,
    attachedAt: at,
    metadata: options.metadata ?? {},
  }
  if (options.participantId !== undefined) binding.participantId = options.participantId
  if (options.retry !== undefined) binding.retry = options.retry
  if (options.rateLimit !== undefined) binding.rateLimit = options.rateLimit
  return binding
}

/** What may be said of a person who joins. */
export interface NewParticipant {
  id: string
  displayName?: string | undefined
  role?: ParticipantRole | undefined
  externalId?: string | undefined
  identityId?: string | undefined
  identification?: Participant['identification'] | undefined
  metadata?: Record<string, Json> | undefined
}

/** A person as they are when they join. */
export function newParticipant(roomId: RoomId, channelId: string, at: Instant, given: NewParticipant): Participant {
  const { id, displayName, role = 'member', externalId, identityId, identification = 'unknown', metadata = {} } = given
  const participant: Participant = {
    id,
    roomId,
    kind: 'person',
    channelId,
    connectedVia: [channelId],
    role,
    status: 'active',
    identification,
    joinedAt: at,
    metadata,
  }
  if (displayName !== undefined) participant.displayName = displayName
  if (externalId !== undefined) participant.externalId = externalId
  if (identityId !== undefined) participant.identityId = identityId
  return participant
}
