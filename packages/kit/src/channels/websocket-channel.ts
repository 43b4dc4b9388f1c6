import {
  checkOptions,
  eventTypes,
  ParleyError,
  type Channel,
  type ChannelBinding,
  type ChannelCapabilities,
  type ChannelId,
  type Clock,
  type Delivery,
  type DeliveryOutcome,
  type Disposer,
  type EphemeralEvent,
  type EventType,
  type ParticipantId,
  type RoomEvent,
  type RoomId,
} from '@parley/spec'
import { canRead } from '../rooms/can-read-write.ts'
import { reaches } from '../rooms/can-see.ts'
import { SocketPeer, type HistoryPage, type Peer } from './socket-peer.ts'
import { SharedFrame } from './shared-frame.ts'
import { encodeEphemeral, encodeEvent } from './wire-frames.ts'

/** What the channel needs of a kit it is registered with. */
export interface WebSocketHost {
  readonly clock: Clock
  /** The channel's binding in a room, and the latest index there; null where it is not bound. */
  look(roomId: RoomId, channelId: ChannelId): Promise<{ binding: ChannelBinding; head: number } | null>
  /** Log entries after an index that the channel may see, of at most `limit` looked at. */
  history(roomId: RoomId, query: { asReader: ChannelId; after: number; limit: number }): Promise<HistoryPage>
  /** Ephemeral events of a room, its own process's and others'. */
  subscribe(roomId: RoomId, listener: (event: EphemeralEvent) => void): Disposer
  /** A participant has a first connection to a room, or lost the last one. */
  connected(roomId: RoomId, participantId: ParticipantId): void
  disconnected(roomId: RoomId, participantId: ParticipantId): void
  /** A participant is still connected: said every 30 s, so presence goes on. */
  stillConnected(roomId: RoomId, participantId: ParticipantId): void
  /** What is known of who is there, for somebody who has just come. */
  present(roomId: RoomId): EphemeralEvent[]
  reportError(thrown: unknown, roomId: RoomId): void
}

/** Options of `WebSocketChannel`. */
export interface WebSocketChannelOptions {
  /** @default 'websocket' */
  channelId?: ChannelId
  capabilities?: Partial<ChannelCapabilities>
  /** Bytes that may wait in one peer's buffer. @default 1 048 576 */
  maxBufferedBytes?: number
}

/** Where a socket joins a room. */
export interface ConnectOptions {
  roomId: RoomId
  participantId: ParticipantId
  /** The last index the peer has; it gets everything after it first. @default the room's latest */
  after?: number
}

/** A socket in a room. */
export interface PeerConnection {
  readonly roomId: RoomId
  readonly participantId: ParticipantId
  /** Leaves the room and closes the socket. Also to be called when the socket is gone. */
  close(code?: number, reason?: string): void
}

/** Codes a socket is closed with. */
const TOO_SLOW = 4008
const DETACHED = 4404
const GOING_AWAY = 1001
const FAILED = 1011

/** A peer whose buffer stays full for so long is closed. */
const LAG_LIMIT_MS = 30_000
/** How often lagging peers are looked at; only while there are some. */
const LAG_POLL_MS = 250
/** Shorter than the 45 s after which presence ends. */
const PRESENCE_MS = 30_000
/** Log entries read at once for a peer that catches up. */
const PAGE = 200

/** What agents and colleagues note is not for the people of a room. */
const teamOnly: ReadonlySet<EventType> = new Set<EventType>(['note', 'observation'])

const everything: ChannelCapabilities = {
  content: [
    'text',
    'rich',
    'media',
    'audio',
    'video',
    'location',
    'composite',
    'template',
    'edit',
    'delete',
    'reaction',
    'toolCall',
    'dtmf',
    'system',
    'redacted',
  ],
  eventTypes: eventTypes.filter((type) => !teamOnly.has(type)),
  echo: true,
  threads: true,
  reactions: true,
  edits: true,
  deletes: true,
  typing: true,
  readReceipts: true,
  richText: true,
  buttons: true,
  templates: true,
  live: 'deltas',
}

interface RoomPeers {
  readonly host: WebSocketHost
  binding: ChannelBinding
  readonly peers: Set<SocketPeer>
  readonly unsubscribe: Disposer
}

/**
 * Connects browsers and other clients by sockets that the host accepted. Several people of a room share the channel;
 * each of their sockets gets the room's events in order, without gap or repeat, also after a pause. A peer that reads
 * too slowly costs the others nothing.
 */
export class WebSocketChannel implements Channel {
  readonly channelId: ChannelId
  readonly channelType = 'websocket'
  readonly category = 'transport'
  readonly capabilities: ChannelCapabilities
  readonly sendersAreParticipants = true
  readonly #maxBufferedBytes: number
  readonly #hosts = new Set<WebSocketHost>()
  readonly #rooms = new Map<RoomId, RoomPeers>()
  readonly #connections = new Map<SocketPeer, PeerConnection>()
  readonly #lagging = new Set<SocketPeer>()
  #lagTimer: Disposer | undefined
  #presenceTimer: Disposer | undefined

  /** @throws {ParleyError} `invalid_options` for an unknown option */
  constructor(options: WebSocketChannelOptions = {}) {
    checkOptions('WebSocketChannel', options, ['channelId', 'capabilities', 'maxBufferedBytes'])
    this.channelId = options.channelId ?? 'websocket'
    this.capabilities = { ...everything, ...options.capabilities }
    this.#maxBufferedBytes = options.maxBufferedBytes ?? 1_048_576
  }

  /** Connections at present. */
  get size(): number {
    return this.#connections.size
  }

  /** Called by a kit when the channel is registered with it. */
  bind(host: WebSocketHost): Disposer {
    this.#hosts.add(host)
    return () => this.#hosts.delete(host)
  }

  /**
   * Joins a socket to a room. Missed events are sent first, then new ones as they come.
   * @throws {ParleyError} `channel_not_bound` when the room is unknown or the channel is not attached to it
   */
  async connect(peer: Peer, { roomId, participantId, after }: ConnectOptions): Promise<PeerConnection> {
    const { host, binding, head } = await this.#find(roomId)
    const room = this.#join(host, binding)
    const socket = new SocketPeer({
      clock: host.clock,
      peer,
      participantId,
      cursor: after === undefined ? head : Math.max(-1, Math.min(after, head)),
      maxBufferedBytes: this.#maxBufferedBytes,
      history: (from) => host.history(roomId, { asReader: this.channelId, after: from, limit: PAGE }),
      isFor: (event, person) => isForPerson(event, person, room.binding),
      onLive: () => this.#showPresent(room, socket),
      onLag: () => this.#watch(host, socket),
      onFailure(thrown) {
        host.reportError(thrown, roomId)
        connection.close(FAILED, 'failed')
      },
    })
    const isFirst = !hasPerson(room, participantId)
    room.peers.add(socket)
    const connection: PeerConnection = {
      roomId,
      participantId,
      close: (code = 1000, reason = '') => {
        if (!this.#connections.delete(socket)) return
        this.#leave(room, socket)
        closePeer(peer, code, reason)
      },
    }
    this.#connections.set(socket, connection)
    if (isFirst) host.connected(roomId, participantId)
    this.#presenceTimer ??= host.clock.setTimer(PRESENCE_MS, () => this.#renewPresence(host))
    socket.start()
    return connection
  }

  deliver({ event, content, binding }: Delivery): Promise<DeliveryOutcome> {
    const room = this.#rooms.get(event.roomId)
    if (room === undefined) return sent
    room.binding = binding
    const frame = new SharedFrame(encodeEvent(event, content))
    // Only what does not reach the channel as a whole is looked at person by person.
    const isForAll = reaches(event.visibility, binding)
    for (const peer of room.peers) peer.offer(event, frame, isForAll)
    return sent
  }

  onBindingChanged(binding: ChannelBinding): void {
    const room = this.#rooms.get(binding.roomId)
    if (room !== undefined) room.binding = binding
  }

  async onDetached({ roomId }: ChannelBinding): Promise<void> {
    for (const peer of this.#rooms.get(roomId)?.peers ?? []) this.#connections.get(peer)?.close(DETACHED, 'detached')
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close(GOING_AWAY, 'going away')
    this.#hosts.clear()
  }

  async #find(roomId: RoomId): Promise<{ host: WebSocketHost; binding: ChannelBinding; head: number }> {
    for (const host of this.#hosts) {
      const found = await host.look(roomId, this.channelId)
      if (found !== null) return { host, ...found }
    }
    throw new ParleyError({
      code: 'channel_not_bound',
      message: `Channel ${this.channelId} is not attached to room ${roomId}. Attach it with kit.attach() first.`,
      details: { channelId: this.channelId, roomId },
    })
  }

  #join(host: WebSocketHost, binding: ChannelBinding): RoomPeers {
    const { roomId } = binding
    const known = this.#rooms.get(roomId)
    if (known !== undefined) return known
    const room: RoomPeers = {
      host,
      binding,
      peers: new Set(),
      unsubscribe: host.subscribe(roomId, (event) => this.#spread(room, event)),
    }
    this.#rooms.set(roomId, room)
    return room
  }

  #spread({ binding, peers }: RoomPeers, event: EphemeralEvent): void {
    const isOwn = event.channelId === this.channelId
    if (!canRead(binding) || !(isOwn || reaches(event.visibility, binding))) return
    const frame = encodeEphemeral(event)
    for (const peer of peers) peer.offerEphemeral(frame)
  }

  #leave(room: RoomPeers, socket: SocketPeer): void {
    socket.end()
    room.peers.delete(socket)
    this.#lagging.delete(socket)
    const { roomId } = room.binding
    if (!hasPerson(room, socket.participantId)) room.host.disconnected(roomId, socket.participantId)
    if (this.#lagging.size === 0) this.#lagTimer = stop(this.#lagTimer)
    if (this.#connections.size === 0) this.#presenceTimer = stop(this.#presenceTimer)
    if (room.peers.size > 0) return
    room.unsubscribe()
    if (this.#rooms.get(roomId) === room) this.#rooms.delete(roomId)
  }

  #watch(host: WebSocketHost, socket: SocketPeer): void {
    this.#lagging.add(socket)
    this.#lagTimer ??= host.clock.setTimer(LAG_POLL_MS, () => {
      this.#lagTimer = undefined
      for (const peer of this.#lagging) {
        if (peer.laggingForMs >= LAG_LIMIT_MS) this.#connections.get(peer)?.close(TOO_SLOW, 'too slow')
        else peer.resume()
        if (!peer.isLagging) this.#lagging.delete(peer)
      }
      const [next] = this.#lagging
      if (next !== undefined) this.#watch(host, next)
    })
  }

  #showPresent({ host, binding }: RoomPeers, socket: SocketPeer): void {
    for (const event of host.present(binding.roomId)) {
      if (event.channelId === this.channelId || reaches(event.visibility, binding))
        socket.offerEphemeral(encodeEphemeral(event))
    }
  }

  #renewPresence(host: WebSocketHost): void {
    this.#presenceTimer = host.clock.setTimer(PRESENCE_MS, () => this.#renewPresence(host))
    for (const [roomId, room] of this.#rooms) {
      for (const person of new Set([...room.peers].map(({ participantId }) => participantId)))
        room.host.stillConnected(roomId, person)
    }
  }
}

function stop(timer: Disposer | undefined): undefined {
  timer?.()
}

const sent: Promise<DeliveryOutcome> = Promise.resolve({ status: 'sent' })

/** What does not reach the channel as a whole (a private note) is for its author alone. */
function isForPerson(event: RoomEvent, participantId: ParticipantId, binding: ChannelBinding): boolean {
  return event.source.participantId === participantId || reaches(event.visibility, binding)
}

function hasPerson({ peers }: RoomPeers, participantId: ParticipantId): boolean {
  for (const peer of peers) if (peer.participantId === participantId) return true
  return false
}

/** A socket that is gone already may object to being closed. */
function closePeer(peer: Peer, code: number, reason: string): void {
  try {
    peer.close(code, reason)
  } catch {
    // It is closed, which is what was wanted.
  }
}
