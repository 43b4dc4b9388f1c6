import {
  ConversationState,
  ParleyError,
  type Channel,
  type ChannelBinding,
  type EphemeralEvent,
  type Participant,
  type PendingRequest,
  type Receipt,
  type Room,
  type RoomEvent,
  type RoomId,
  type SendResult,
} from '@parley/spec'
import type { RoomsService } from '../rooms-service.ts'

/** What a test sees of the rooms behind the server, beside the service itself. */
export interface MemoryRooms extends RoomsService {
  readonly requests: Map<string, PendingRequest>
  readonly listeners: { ephemeral: number; processed: number }
  /** Adds an entry to a log, as an agent or the system would. */
  append(roomId: RoomId, event: Partial<RoomEvent>): RoomEvent
  failNext?: ParleyError
}

const at = '2026-01-01T00:00:00.000Z'

/** Rooms in memory, as much of them as the surface of the server needs: no hooks, no lanes, no agents. */
export function createMemoryRooms(): MemoryRooms {
  const rooms = new Map<RoomId, { room: Room; events: RoomEvent[]; members: Participant[]; bindings: ChannelBinding[]; receipts: Receipt[] }>()
  const channels: Channel[] = []
  const ephemeral = new Map<RoomId, Set<(event: EphemeralEvent) => void>>()
  const processed = new Set<(event: { roomId?: RoomId }) => void>()
  const requests = new Map<string, PendingRequest>()

  const held = (roomId: RoomId) => {
    const found = rooms.get(roomId)
    if (found !== undefined) return found
    throw new ParleyError({ code: 'room_not_found', message: `There is no room ${roomId}.` })
  }
  const append = (roomId: RoomId, event: Partial<RoomEvent>): RoomEvent => {
    const { room, events } = held(roomId)
    const index = events.length
    const full: RoomEvent = {
      id: `event_${index}`,
      roomId,
      index,
      type: 'message',
      status: 'committed',
      source: { kind: 'system', channelType: 'system', medium: 'system' },
      content: { type: 'text', text: '' },
      visibility: 'all',
      addressedTo: null,
      chainDepth: 0,
      createdAt: at,
      metadata: {},
      ...event,
    }
    events.push(full)
    room.latestIndex = index
    room.eventCount = index + 1
    for (const listener of processed) listener({ roomId })
    return full
  }
  const setMode = (roomId: RoomId, mode: 'agent' | 'human' | 'paused', claimedBy?: string): void => {
    const { room } = held(roomId)
    const human = { status: claimedBy === undefined ? 'waiting' : 'active', requestedAt: at, requestedBy: 'test', urgency: 'normal', reason: 'asked', ...(claimedBy === undefined ? {} : { claimedBy }) } as const
    room.conversation = ConversationState.parse(room.conversation).with({ mode, human: mode === 'human' ? human : undefined }).toJSON()
  }

  const service: MemoryRooms = {
    requests,
    append,
    listeners: {
      get ephemeral() {
        return [...ephemeral.values()].reduce((sum, { size }) => sum + size, 0)
      },
      get processed() {
        return processed.size
      },
    },
    async createRoom({ id = `room_${rooms.size}`, organizationId, metadata = {}, timers = {}, agentResponsePolicy = 'chain' }) {
      if (rooms.has(id)) throw new ParleyError({ code: 'room_exists', message: `Room ${id} exists.` })
      const room: Room = {
        id,
        status: 'active',
        version: 0,
        createdAt: at,
        updatedAt: at,
        lastActivityAt: at,
        timers,
        agentResponsePolicy,
        metadata,
        eventCount: 0,
        latestIndex: -1,
        deliveredIndex: -1,
        ...(organizationId === undefined ? {} : { organizationId }),
      }
      rooms.set(id, { room, events: [], members: [], bindings: [], receipts: [] })
      return { ...room }
    },
    getRoom: async (roomId) => structuredClone(held(roomId).room),
    async closeRoom(roomId, { reason } = {}) {
      held(roomId).room.status = 'closed'
      append(roomId, { type: 'roomClosed', content: { type: 'system', code: 'room_closed', text: reason ?? '' } })
    },
    async reopen(roomId) {
      held(roomId).room.status = 'active'
    },
    register: (channel) => channels.push(channel),
    channels: () => channels,
    async attach(roomId, channelId, options) {
      const channel = channels.find((candidate) => candidate.channelId === channelId)
      if (channel === undefined) throw new ParleyError({ code: 'channel_not_registered', message: `No channel ${channelId}.` })
      const { channelType, category, capabilities } = channel
      const binding: ChannelBinding = { roomId, channelId, channelType, category, capabilities, direction: 'both', access: 'readWrite', muted: false, outputMuted: false, visibility: 'all', attachedAt: at, metadata: {}, ...options }
      held(roomId).bindings.push(binding)
      return binding
    },
    async detach(roomId, channelId) {
      const found = held(roomId)
      found.bindings = found.bindings.filter((binding) => binding.channelId !== channelId)
    },
    bindings: async (roomId) => held(roomId).bindings,
    mute: async (roomId, channelId) => void held(roomId).bindings.forEach((binding) => binding.channelId === channelId && (binding.muted = true)),
    unmute: async (roomId, channelId) => void held(roomId).bindings.forEach((binding) => binding.channelId === channelId && (binding.muted = false)),
    setAccess: async () => {},
    setVisibility: async () => {},
    async addMember(roomId, { id, channelId, displayName, role = 'member', metadata = {} }) {
      const { members } = held(roomId)
      const known = members.find((member) => member.id === id)
      if (known !== undefined) return known
      const member: Participant = { id, roomId, kind: 'person', channelId, connectedVia: [channelId], role, status: 'active', identification: 'unknown', joinedAt: at, metadata, ...(displayName === undefined ? {} : { displayName }) }
      members.push(member)
      return member
    },
    async removeMember(roomId, participantId) {
      const found = held(roomId)
      found.members = found.members.filter(({ id }) => id !== participantId)
    },
    members: async (roomId) => held(roomId).members,
    async send(roomId, { from, text, ...input }): Promise<SendResult> {
      if (service.failNext !== undefined) {
        const error = service.failNext
        delete service.failNext
        throw error
      }
      const { room, events } = held(roomId)
      if (room.status === 'closed') return { outcome: 'blocked', roomId, reason: 'room_closed' }
      const content = input.content ?? { type: 'text', text: text ?? '' }
      const settled = async () => ({ replies: [], deliveries: [], errors: [] })
      const known = events.find(({ idempotencyKey }) => idempotencyKey !== undefined && idempotencyKey === input.idempotencyKey)
      if (known !== undefined && JSON.stringify(known.content) !== JSON.stringify(content)) return { outcome: 'blocked', roomId, reason: 'idempotency_conflict' }
      if (known !== undefined) return { outcome: 'committed', roomId, event: known, duplicate: true, settled }
      const { type = 'message', visibility = 'all', metadata = {}, idempotencyKey, addressedTo = null } = input
      const event = append(roomId, {
        type,
        visibility,
        metadata,
        addressedTo,
        content,
        source: { kind: 'person', channelType: 'websocket', channelId: 'web', participantId: from, medium: 'text' },
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
      return { outcome: 'committed', roomId, event, duplicate: false, settled }
    },
    async events(roomId, { after = -1, before = Number.POSITIVE_INFINITY, limit = 100, types, asReader, newestFirst = false } = {}) {
      const seen = held(roomId).events.filter(
        ({ index, type, visibility }) =>
          index > after && index < before && (types === undefined || types.includes(type)) && (asReader === undefined || (visibility !== 'internal' && visibility !== 'none')),
      )
      return structuredClone((newestFirst ? seen.toReversed() : seen).slice(0, limit))
    },
    receipts: async (roomId) => held(roomId).receipts,
    state: async (roomId) => ConversationState.parse(held(roomId).room.conversation),
    markRead: async () => {},
    readMarkers: async () => [],
    pendingRequests: async ({ roomId, kind }) =>
      [...requests.values()].filter((request) => request.status === 'open' && (roomId === undefined || request.roomId === roomId) && (kind === undefined || request.kind === kind)),
    async answerRequest(id, { decision, by, value }) {
      const request = requests.get(id)
      if (request === undefined) throw new ParleyError({ code: 'request_not_found', message: `There is no request ${id}.` })
      if (request.status !== 'open') return { outcome: 'already_decided', by: request.decidedBy }
      if (request.kind === 'input' && typeof value !== 'string') return { outcome: 'value_invalid', violations: [{ path: 'value', message: 'must be text' }] }
      request.status = decision === 'approve' ? 'approved' : decision === 'reject' ? 'rejected' : 'answered'
      request.decidedBy = by
      append(request.roomId, { type: 'requestClosed', content: { type: 'system', code: 'request_closed', text: '', data: { requestId: id, status: request.status } } })
      return { outcome: 'accepted', request }
    },
    publish(roomId, { type, from, data = null, visibility = 'all' }) {
      for (const listener of ephemeral.get(roomId) ?? []) listener({ roomId, type, from, at, visibility, data })
    },
    subscribe(roomId, listener) {
      const listeners = ephemeral.get(roomId) ?? new Set()
      ephemeral.set(roomId, listeners.add(listener))
      return () => void listeners.delete(listener)
    },
    on(_type, listener) {
      processed.add(listener)
      return () => void processed.delete(listener)
    },
    async handoff(_roomId, { target }) {
      if (target !== 'billing') return { accepted: false, code: 'handoff_unknown_target', reason: `There is no ${target}.`, message: 'refused', allowed: ['billing'] }
      return { accepted: true, newAgentId: target, newPhase: 'handling', message: 'done', handoffId: 'handoff_1' }
    },
    requestHuman: async (roomId) => setMode(roomId, 'human'),
    humanQueue: async ({ organizationId }) =>
      [...rooms.values()].flatMap(({ room }) => {
        const human = room.conversation?.human
        return human?.status === 'waiting' && room.organizationId === organizationId ? [{ roomId: room.id, human }] : []
      }),
    async claim(roomId, participantId) {
      const takenBy = held(roomId).room.conversation?.human?.claimedBy
      if (takenBy !== undefined) return { ok: false, takenBy }
      setMode(roomId, 'human', participantId)
      return { ok: true }
    },
    takeover: async (roomId, participantId) => setMode(roomId, 'human', participantId),
    async handBack(roomId, { target }) {
      setMode(roomId, 'agent')
      return { accepted: true, newAgentId: target, newPhase: 'handling', message: 'done', handoffId: 'handoff_2' }
    },
    pause: async (roomId) => setMode(roomId, 'paused'),
    resume: async (roomId) => setMode(roomId, 'agent'),
    coach: async () => {},
    store: {
      findRooms: async ({ organizationId, status }) => ({
        items: [...rooms.values()].map(({ room }) => room).filter((room) => (organizationId === undefined || room.organizationId === organizationId) && (status === undefined || room.status === status)),
      }),
      async patchRoom(roomId, { expectedVersion, metadata }) {
        const { room } = held(roomId)
        if (expectedVersion !== room.version) throw new ParleyError({ code: 'version_conflict', message: 'The room was changed.' })
        room.version++
        Object.assign(room.metadata, metadata?.set)
        return room
      },
    },
  }
  return service
}
