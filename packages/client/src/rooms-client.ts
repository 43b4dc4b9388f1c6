import type {
  BindingOptions,
  ChannelAccess,
  ChannelBinding,
  ChannelId,
  ConversationMode,
  ConversationStateJson,
  EventInput,
  EventType,
  Json,
  Participant,
  ParticipantId,
  ParticipantRole,
  ReadMarker,
  Receipt,
  ReceiptKind,
  Room,
  RoomEvent,
  RoomId,
  RoomStatus,
  RoomTimers,
} from '@parley/spec'
import type { HttpClient } from './http-client.ts'

/** What may be cancelled. */
export interface CallOptions {
  signal?: AbortSignal
}

/** A person of a room with the token that lets them in. */
export interface JoinedRoom {
  room: Room
  participant: Participant
  token: string
  expiresAt: string
}

/** An event to send; `text` is shorthand for text content. */
export interface SendInput extends Partial<Omit<EventInput, 'correlationId' | 'channelData'>> {
  text?: string
  /** For whom a key acts; a room token speaks for its own participant. */
  participantId?: ParticipantId
}

/** Rooms over HTTP. */
export interface RoomsClient {
  create(
    options?: {
      id?: RoomId
      metadata?: Record<string, Json>
      timers?: RoomTimers
      agentResponsePolicy?: Room['agentResponsePolicy']
      channels?: ChannelId[]
    },
    o?: CallOptions,
  ): Promise<Room>
  list(
    query?: { status?: RoomStatus; mode?: ConversationMode; cursor?: string; limit?: number },
    o?: CallOptions,
  ): Promise<{ rooms: Room[]; nextCursor?: string }>
  get(roomId: RoomId, o?: CallOptions): Promise<Room>
  /** Changes the version of the room that is named. @throws {ParleyError} `version_conflict` */
  patch(
    roomId: RoomId,
    version: number,
    changes: {
      metadata?: { set?: Record<string, Json>; unset?: string[] }
      timers?: RoomTimers
      agentResponsePolicy?: Room['agentResponsePolicy']
    },
    o?: CallOptions,
  ): Promise<Room>
  close(roomId: RoomId, options?: { reason?: string }, o?: CallOptions): Promise<Room>
  reopen(roomId: RoomId, o?: CallOptions): Promise<Room>
  /** Lets a person in and gives their token. */
  join(
    roomId: RoomId,
    member?: {
      participantId?: ParticipantId
      displayName?: string
      role?: ParticipantRole
      metadata?: Record<string, Json>
      ttlMs?: number
    },
    o?: CallOptions,
  ): Promise<JoinedRoom>
  /** The log by index; `head` is the index of its last entry, `next` the index to read on from when there is more. */
  events(
    roomId: RoomId,
    query?: {
      after?: number
      before?: number
      limit?: number
      types?: EventType[]
      thread?: string
      order?: 'oldest' | 'newest'
    },
    o?: CallOptions,
  ): Promise<{ events: RoomEvent[]; head: number; next?: number }>
  /** Sends an event. @throws {ParleyError} `message_blocked` with the reason, `room_closed`, `idempotency_conflict` */
  send(roomId: RoomId, input: string | SendInput, o?: CallOptions): Promise<{ event: RoomEvent; duplicate: boolean }>
  state(roomId: RoomId, o?: CallOptions): Promise<ConversationStateJson>
  members(roomId: RoomId, o?: CallOptions): Promise<Participant[]>
  addMember(
    roomId: RoomId,
    member: {
      participantId?: ParticipantId
      displayName?: string
      role?: ParticipantRole
      metadata?: Record<string, Json>
    },
    o?: CallOptions,
  ): Promise<Participant>
  removeMember(roomId: RoomId, participantId: ParticipantId, o?: CallOptions): Promise<Participant[]>
  bindings(roomId: RoomId, o?: CallOptions): Promise<ChannelBinding[]>
  attach(roomId: RoomId, channelId: ChannelId, options?: BindingOptions, o?: CallOptions): Promise<ChannelBinding>
  changeBinding(
    roomId: RoomId,
    channelId: ChannelId,
    change: { access?: ChannelAccess; visibility?: string; muted?: boolean },
    o?: CallOptions,
  ): Promise<ChannelBinding>
  detach(roomId: RoomId, channelId: ChannelId, o?: CallOptions): Promise<ChannelBinding[]>
  receipts(
    roomId: RoomId,
    query?: { kind?: ReceiptKind; turnId?: string; cursor?: string; limit?: number },
    o?: CallOptions,
  ): Promise<{ receipts: Receipt[]; nextCursor?: string }>
  markRead(
    roomId: RoomId,
    index: number,
    options?: { participantId?: ParticipantId },
    o?: CallOptions,
  ): Promise<ReadMarker[]>
  readMarkers(roomId: RoomId, o?: CallOptions): Promise<ReadMarker[]>
}

/** Makes the part of a client that reads and changes rooms. */
export function createRoomsClient(http: HttpClient): RoomsClient {
  const at = (roomId: RoomId, rest = ''): string => `/v1/rooms/${encodeURIComponent(roomId)}${rest}`
  const inRoom = (roomId: RoomId, part: string, id: string): string => at(roomId, `/${part}/${encodeURIComponent(id)}`)
  // The server answers with what its document says, and both are of one release: the one place where that is trusted.
  const ask = async <T>(...args: Parameters<HttpClient['request']>): Promise<T> => (await http.request(...args)) as T
  return {
    create: (body = {}, o) => ask({ method: 'POST', path: '/v1/rooms', body, ...o }),
    list: (query = {}, o) => ask({ path: '/v1/rooms', query, ...o }),
    get: (roomId, o) => ask({ path: at(roomId), ...o }),
    patch: (roomId, version, body, o) =>
      ask({ method: 'PATCH', path: at(roomId), body, headers: { 'if-match': `"${version}"` }, ...o }),
    close: (roomId, body = {}, o) => ask({ method: 'POST', path: at(roomId, '/close'), body, ...o }),
    reopen: (roomId, o) => ask({ method: 'POST', path: at(roomId, '/reopen'), ...o }),
    join: (roomId, body = {}, o) => ask({ method: 'POST', path: at(roomId, '/join'), body, ...o }),
    events: (roomId, { types, ...query } = {}, o) =>
      ask({ path: at(roomId, '/events'), query: { ...query, types: types?.join(',') }, ...o }),
    send: (roomId, input, o) =>
      ask({
        method: 'POST',
        path: at(roomId, '/events'),
        body: typeof input === 'string' ? { text: input } : input,
        ...o,
      }),
    state: (roomId, o) => ask({ path: at(roomId, '/state'), ...o }),
    members: async (roomId, o) =>
      (await ask<{ participants: Participant[] }>({ path: at(roomId, '/participants'), ...o })).participants,
    addMember: (roomId, body, o) => ask({ method: 'POST', path: at(roomId, '/participants'), body, ...o }),
    removeMember: async (roomId, id, o) =>
      (await ask<{ participants: Participant[] }>({ method: 'DELETE', path: inRoom(roomId, 'participants', id), ...o }))
        .participants,
    bindings: async (roomId, o) =>
      (await ask<{ bindings: ChannelBinding[] }>({ path: at(roomId, '/bindings'), ...o })).bindings,
    attach: (roomId, channelId, options, o) =>
      ask({ method: 'POST', path: at(roomId, '/bindings'), body: { channelId, options }, ...o }),
    changeBinding: (roomId, channelId, body, o) =>
      ask({ method: 'PATCH', path: inRoom(roomId, 'bindings', channelId), body, ...o }),
    detach: async (roomId, channelId, o) =>
      (
        await ask<{ bindings: ChannelBinding[] }>({
          method: 'DELETE',
          path: inRoom(roomId, 'bindings', channelId),
          ...o,
        })
      ).bindings,
    receipts: (roomId, query = {}, o) => ask({ path: at(roomId, '/receipts'), query, ...o }),
    markRead: async (roomId, index, options = {}, o) =>
      (
        await ask<{ readMarkers: ReadMarker[] }>({
          method: 'POST',
          path: at(roomId, '/read'),
          body: { index, ...options },
          ...o,
        })
      ).readMarkers,
    readMarkers: async (roomId, o) =>
      (await ask<{ readMarkers: ReadMarker[] }>({ path: at(roomId, '/read_markers'), ...o })).readMarkers,
  }
}
