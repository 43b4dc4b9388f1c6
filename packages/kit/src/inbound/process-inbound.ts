import {
  ParleyError,
  toParleyError,
  type Channel,
  type ChannelBinding,
  type Content,
  type EventInput,
  type InboundMessage,
  type InboundResult,
  type Participant,
  type Room,
  type RoomContext,
  type RoomId,
  type RoomPatch,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { identifySender, type Identified } from '../identity/identify.ts'
import { DIRECT_CHANNEL_ID } from '../channels/direct-channel.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import { roomNotFound } from '../rooms/commit-to-log.ts'
import { newBinding, newParticipant, newRoom } from '../rooms/new-room.ts'
import { noteShared } from '../rooms/participants.ts'
import { checkEventInput } from './check-event-input.ts'
import { checkMessage } from './check-message.ts'
import { registeredChannel, sendFromSystem } from './prepare-send.ts'
import type { PreparedEvent } from './prepared.ts'
import { routeInbound } from './route-inbound.ts'
import { sendPrepared } from './send-prepared.ts'
import { sourceOfMessage } from './source-of.ts'

/** Options of `kit.processInbound`. */
export interface ProcessInboundOptions {
  roomId?: RoomId
  organizationId?: string
  /** Whether an unknown room may be made. @default true */
  autoCreate?: boolean
  signal?: AbortSignal
}

/** The room a message goes to: one that is there, or one that is made with the commit. */
interface Route {
  roomId: RoomId
  planned: (() => RoomContext) | undefined
}

/** Steps 1 to 5 of the pipeline, then the lock: a message of a channel becomes an event of a room. */
export async function processInbound(
  parts: KitParts,
  given: InboundMessage,
  options: ProcessInboundOptions = {},
): Promise<InboundResult> {
  const message = checkMessage(given, parts.limits)
  const channel = registeredChannel(parts, message.channelId)
  const limited = parts.inboundLimits.take(channel)
  if (limited !== undefined) {
    return {
      outcome: 'blocked',
      reason: 'rate_limited',
      retryAfterMs: limited,
      message: 'Too many messages. Wait and send again.',
    }
  }
  const parsed = await parseMessage(parts, channel, message, options)
  const input = checkEventInput(fillGaps(parsed, message), parts.limits)
  const route = await routeOf(parts, message, options)
  const known = await parts.store.getRoom(
    route.roomId,
    options.organizationId === undefined ? {} : { organizationId: options.organizationId },
  )
  if (known === null && route.planned === undefined) throw roomNotFound(route.roomId)
  const identified = await identifySender(parts, channel, message, known, {
    ...(options.organizationId === undefined ? {} : { organizationId: options.organizationId }),
    signal: options.signal ?? parts.closing,
  })
  if (identified.outcome === 'blocked') {
    if (identified.challenge !== undefined && known !== null)
      challenge(parts, known.id, channel.channelId, identified.challenge)
    return { ...identified.result, ...(known === null ? {} : { roomId: known.id }) }
  }

  let shared: Participant | undefined
  const complete = async (open: OpenRoom): Promise<PreparedEvent | InboundResult> => {
    const prepared = await completeMessage(parts, open, channel, message, input, identified)
    if ('participant' in prepared) shared = prepared.participant
    return prepared
  }
  const wasPlanned = known === null
  const result = await sendPrepared(parts, route.roomId, placeholder(input), {
    signal: options.signal,
    organizationId: options.organizationId,
    planned: route.planned,
    complete,
  })
  if (result.outcome === 'committed' && shared !== undefined) noteShared(parts, shared, channel.channelId)
  if (result.outcome === 'committed' && !result.duplicate)
    announce(parts, result.event.index === 0 && wasPlanned, result, channel, identified)
  return result
}

/** Step 4: slow work of the channel, before the lock. A channel's own error is the cause of ours. */
async function parseMessage(
  parts: KitParts,
  channel: Channel,
  message: InboundMessage,
  { roomId, organizationId, signal = parts.closing }: ProcessInboundOptions,
): Promise<EventInput | undefined> {
  if (channel.parse === undefined) return undefined
  const context = {
    clock: parts.clock,
    log: parts.logger,
    signal,
    ...(roomId === undefined ? {} : { roomId }),
    ...(organizationId === undefined ? {} : { organizationId }),
  }
  try {
    return await channel.parse(message, context)
  } catch (thrown) {
    throw toParleyError(thrown, {
      code: 'content_invalid',
      message: `Channel ${channel.channelId} could not read the message. Its own error is the cause.`,
      details: { path: 'content', expected: 'a message the channel can read' },
    })
  }
}

/** Fields the channel's parser left open come from the message. */
function fillGaps(parsed: EventInput | undefined, message: InboundMessage): EventInput {
  const own: EventInput = { content: message.content }
  if (message.type !== undefined) own.type = message.type
  if (message.visibility !== undefined) own.visibility = message.visibility
  if (message.responseVisibility !== undefined) own.responseVisibility = message.responseVisibility
  if (message.addressedTo !== undefined) own.addressedTo = message.addressedTo
  if (message.parentEventId !== undefined) own.parentEventId = message.parentEventId
  const key = message.idempotencyKey ?? message.providerMessageId
  if (key !== undefined) own.idempotencyKey = key
  if (message.metadata !== undefined) own.metadata = message.metadata
  if (parsed !== undefined && (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)))
    throw parsedIntoNothing(message.channelId)
  const filled = { ...own, ...parsed }
  // Nobody has looked at the content yet: it may be anything.
  const content = filled.content as EventInput['content'] | null | undefined
  return message.language !== undefined && content?.type === 'text' && content.language === undefined
    ? { ...filled, content: { ...content, language: message.language } }
    : filled
}

function parsedIntoNothing(channelId: string): ParleyError {
  return new ParleyError({
    code: 'content_invalid',
    message: `Channel ${channelId} parsed a message into something that is no event. Its parse() must give an object with content, or nothing.`,
    details: { path: 'content', expected: 'an object with content' },
  })
}

async function routeOf(parts: KitParts, message: InboundMessage, options: ProcessInboundOptions): Promise<Route> {
  const { roomId, organizationId, autoCreate = true } = options
  const router = parts.inboundRouter ?? {
    route: (asked: InboundMessage, o: Parameters<typeof routeInbound>[2]) => routeInbound(parts, asked, o),
  }
  const found =
    roomId ??
    (await router.route(message, {
      ...(organizationId === undefined ? {} : { organizationId }),
      signal: options.signal ?? parts.closing,
    }))
  const planned = (id: RoomId) => (): RoomContext => plannedContext(parts, id, organizationId)
  if (found !== null) return { roomId: found, planned: autoCreate && roomId !== undefined ? planned(found) : undefined }
  const id = parts.ids.next('room')
  return { roomId: id, planned: planned(id) }
}

/** A room as it will be made with its first message: the kit's orchestration in place, its agents attached. */
function plannedContext(parts: KitParts, id: RoomId, organizationId: string | undefined): RoomContext {
  const at = parts.now()
  const given = parts.newRoomOrchestration()
  const room = newRoom({
    id,
    at,
    organizationId,
    sessionId: parts.ids.next('sess'),
    orchestration: given?.orchestration,
    agentResponsePolicy: parts.defaultPolicy,
  })
  for (const agent of given?.agents ?? [])
    if (parts.registry.get(agent.channelId) === undefined) parts.registry.add(agent)
  return {
    room: given?.conversation === undefined ? room : { ...room, conversation: given.conversation },
    bindings: (given?.agents ?? []).map((agent) => newBinding(id, agent, at)),
    participants: [],
    recentEvents: [],
  }
}

/** Under the lock: the attachment, participant and source as the room is now. */
async function completeMessage(
  parts: KitParts,
  open: OpenRoom,
  channel: Channel,
  message: InboundMessage,
  input: EventInput,
  identified: Exclude<Identified, { outcome: 'blocked' }>,
): Promise<PreparedEvent | InboundResult> {
  const { room } = open
  const binding = open.bindings.find(({ channelId }) => channelId === channel.channelId)
  if (binding === undefined && (await parts.store.tombstones.get(room.id, channel.channelId)) !== null) {
    return {
      outcome: 'blocked',
      roomId: room.id,
      reason: 'channel_detached',
      message: `Channel ${channel.channelId} was detached from the room. Attach it again with kit.attach().`,
    }
  }
  const at = parts.now()
  const participant = participantOf(open, channel, message, identified, at)
  if (participant.known?.status === 'banned') {
    return {
      outcome: 'blocked',
      roomId: room.id,
      reason: 'sender_banned',
      message: 'The sender is banned from this room.',
    }
  }
  const planned: RoomPatch = {}
  const isNew = room.version === 0 && room.latestIndex === -1 && (await parts.store.getRoom(room.id)) === null
  if (isNew) planned.create = room
  const agents = isNew ? open.bindings : []
  if (binding === undefined || agents.length > 0)
    planned.bindings = [...agents, ...(binding === undefined ? [newBinding(room.id, channel, at)] : [])]
  if (participant.next !== undefined) planned.participants = [participant.next]
  const prepared: PreparedEvent = {
    input,
    source: sourceOfMessage(channel, message, input.content, participant.next?.id ?? participant.known?.id),
    gate: 'inbound',
    chainDepth: 0,
  }
  if (Object.keys(planned).length > 0) prepared.planned = planned
  const isShared =
    participant.known !== undefined &&
    participant.next !== undefined &&
    !participant.known.connectedVia.includes(channel.channelId)
  if (isShared) prepared.participant = participant.known
  if (identified.receipt !== undefined) prepared.receipts = [parts.receipt(room.id, 'identity', identified.receipt)]
  return prepared
}

/** Who the sender is in this room, and what changes of their record with this message. */
function participantOf(
  open: OpenRoom,
  channel: Channel,
  message: InboundMessage,
  identified: Exclude<Identified, { outcome: 'blocked' }>,
  at: string,
): { known?: Participant; next?: Participant } {
  const { channelId } = channel
  const given = identified.participant
  const known = open.participants.find(
    ({ id, externalId, connectedVia }) =>
      id === (given?.id ?? message.senderId) || (externalId === message.senderId && connectedVia.includes(channelId)),
  )
  if (known === undefined) {
    if (identified.outcome === 'unattributed' || given === undefined) return {}
    return { next: newParticipant(open.id, channelId, at, { externalId: message.senderId, ...given }) }
  }
  const isKnownChannel = known.connectedVia.includes(channelId)
  const isSame =
    isKnownChannel &&
    (given?.identification === undefined || given.identification === known.identification) &&
    known.status === 'active'
  if (isSame || known.status === 'banned') return { known }
  return {
    known,
    next: {
      ...known,
      status: 'active',
      connectedVia: isKnownChannel ? known.connectedVia : [...known.connectedVia, channelId],
      ...(given?.identification === undefined ? {} : { identification: given.identification }),
      ...(given?.identityId === undefined ? {} : { identityId: given.identityId }),
      ...(given?.displayName === undefined ? {} : { displayName: given.displayName }),
    },
  }
}

/** What the sender is asked before their messages are taken; only their channel gets it. */
function challenge(parts: KitParts, roomId: RoomId, channelId: string, content: Content): void {
  parts.background(
    'identity',
    async () => {
      await sendFromSystem(parts, roomId, { content, visibility: { only: [channelId] }, addressedTo: [] })
    },
    { roomId },
  )
}

/** Hooks that follow a first message. */
function announce(
  parts: KitParts,
  isNew: boolean,
  result: Extract<InboundResult, { outcome: 'committed' }>,
  channel: Channel,
  identified: Exclude<Identified, { outcome: 'blocked' }>,
): void {
  if (!isNew && identified.hook !== 'onParticipantIdentified') return
  const { roomId, event } = result
  const scope = { roomId, channelId: channel.channelId, channelType: channel.channelType }
  parts.background('announce', async () => {
    const context = await parts.store.loadContext(roomId, { tail: 0 })
    if (context === null) return
    const binding = context.bindings.find(({ channelId }) => channelId === channel.channelId)
    const participant = context.participants.find(({ id }) => id === event.source.participantId)
    if (isNew) announceRoom(parts, context.room, binding, participant)
    if (identified.hook === 'onParticipantIdentified' && participant !== undefined) {
      parts.hooks.fire('onParticipantIdentified', { participant }, scope)
    }
  })
}

/** `onRoomCreated`, `onChannelAttached`, `onSessionStarted`, in this order. */
export function announceRoom(
  parts: KitParts,
  room: Room,
  binding: ChannelBinding | undefined,
  participant: Participant | undefined,
): void {
  const scope = { roomId: room.id }
  parts.hooks.fire('onRoomCreated', { room }, scope)
  if (binding !== undefined) parts.hooks.fire('onChannelAttached', { binding }, scope)
  if (room.sessionId === undefined) return
  const started = {
    room,
    ...(binding === undefined ? {} : { channelId: binding.channelId }),
    ...(participant === undefined ? {} : { participantId: participant.id }),
  }
  parts.hooks.fire('onSessionStarted', started, scope)
  parts.framework.emit({ type: 'sessionStarted', roomId: room.id, data: { sessionId: room.sessionId } })
}

/** Stands in until the room is locked, where the source becomes known. */
function placeholder(input: EventInput): PreparedEvent {
  return {
    input,
    source: { kind: 'system', channelType: 'system', channelId: DIRECT_CHANNEL_ID, medium: 'system' },
    gate: 'inbound',
    chainDepth: 0,
  }
}
