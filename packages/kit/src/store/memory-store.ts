import { checkMetadataKeys, createSystemClock, ParleyError } from '@parley/spec'
import type { Clock, ConversationStore, IdSource, Instant } from '@parley/spec'

import { changeRoom } from './change-room.ts'
import {
  commitToMemory,
  eventNotFound,
  patchInMemory,
  roomNotFound,
  saveRoom,
  versionConflict,
} from './commit-to-memory.ts'
import type { MemoryState } from './commit-to-memory.ts'
import { createMemoryFamilies } from './memory-families.ts'
import { cameBy, RoomIndex } from './room-index.ts'
import { StoredRoom } from './stored-room.ts'

/** Options of `createMemoryStore`. */
export interface MemoryStoreOptions {
  /** Stamps commits and status changes. @default the system clock */
  clock?: Clock
  /** Accepted for symmetry with other stores; this one makes no ids. */
  ids?: IdSource
}

/**
 * Makes a store that keeps everything in memory until the process ends. What is put in is frozen in place, what comes
 * out are the stored, frozen objects: nothing is copied or serialized.
 */
export function createMemoryStore({ clock = createSystemClock() }: MemoryStoreOptions = {}): ConversationStore {
  const rooms = new RoomIndex()
  const families = createMemoryFamilies(rooms)
  const state: MemoryState = { rooms, families, now: createStamp(clock) }
  const need = (roomId: string): StoredRoom => {
    const stored = rooms.get(roomId)
    if (stored === undefined) throw roomNotFound(roomId)
    return stored
  }
  const close = (): Promise<void> => Promise.resolve()

  return {
    ...families,
    isProcessLocal: true,
    async createRoom(room) {
      if (rooms.get(room.id) !== undefined) throw roomExists(room.id)
      checkMetadataKeys(room.metadata)
      const stored = new StoredRoom(room, rooms.nextOrder)
      rooms.add(stored)
      return stored.room
    },
    getRoom(id, { organizationId } = {}) {
      const room = rooms.get(id)?.room
      const isForeign = organizationId !== undefined && room?.organizationId !== organizationId
      return Promise.resolve(room === undefined || isForeign ? null : room)
    },
    async updateRoom(room) {
      const stored = need(room.id)
      if (stored.room.version !== room.version) throw versionConflict(stored.room)
      const { status, metadata, timers, agentResponsePolicy, sessionId, orchestration, conversation } = room
      const changes = { status, metadata, timers, agentResponsePolicy, sessionId, orchestration, conversation }
      saveRoom(state, stored, changeRoom(stored.room, changes, state.now()))
      return stored.room
    },
    patchRoom: async (id, patch) => patchInMemory(state, need(id), patch),
    findRooms: async (filter) => rooms.find(filter),
    findLatestRoom({ participantId, channelType, organizationId }) {
      return Promise.resolve(
        rooms.latestOf(participantId, organizationId, ({ id }) => {
          const participant = families.participants.find(id, participantId)
          return participant !== undefined && cameBy(participant, families.bindings.all(id), channelType)
        }),
      )
    },
    roomsByChannel: async (query) => rooms.byChannel(query),
    dueRooms: (now, limit) => Promise.resolve(rooms.due(Date.parse(now), limit)),
    commit(roomId, drafts, also) {
      try {
        return Promise.resolve(commitToMemory(state, roomId, drafts, also))
      } catch (error) {
        return Promise.reject(error)
      }
    },
    events: async (roomId, query) => rooms.get(roomId)?.log?.read(query) ?? [],
    tail: (roomId, n, filter) => Promise.resolve(rooms.get(roomId)?.log?.tail(n, filter) ?? []),
    getEvent(roomId, eventId, { raw = false } = {}) {
      const log = rooms.get(roomId)?.log
      const event = log?.find(eventId)
      if (log === undefined || event === undefined) return Promise.resolve(null)
      return Promise.resolve(raw ? log.original(event) : event)
    },
    eventByIdempotencyKey: (roomId, key) => Promise.resolve(rooms.get(roomId)?.log?.byKey(key) ?? null),
    eventCount: (roomId) => Promise.resolve(rooms.get(roomId)?.log?.size ?? 0),
    async redact(roomId, eventId, redacted) {
      const log = rooms.get(roomId)?.log
      const event = log?.find(eventId)
      if (log === undefined || event === undefined) throw eventNotFound(roomId, eventId)
      return log.redact(event, redacted)
    },
    advanceDelivered(roomId, from, to) {
      const stored = rooms.get(roomId)
      const isAdvanced = stored?.advanceDelivered(from, to) === true
      if (stored !== undefined && isAdvanced) rooms.markDelivery(stored)
      return Promise.resolve(isAdvanced)
    },
    undelivered: (limit) => Promise.resolve(rooms.undelivered(limit)),
    loadContext(roomId, { tail }) {
      const stored = rooms.get(roomId)
      if (stored === undefined) return Promise.resolve(null)
      return Promise.resolve({
        room: stored.room,
        bindings: families.bindings.all(roomId),
        participants: families.participants.all(roomId),
        recentEvents: stored.log?.tail(tail) ?? [],
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The clock's instant as text; commits of one millisecond share one string. */
function createStamp(clock: Clock): () => Instant {
  let lastMs = Number.NaN
  let lastText = ''
  return () => {
    const nowMs = clock.now()
    if (nowMs !== lastMs) {
      lastMs = nowMs
      lastText = new Date(nowMs).toISOString()
    }
    return lastText
  }
}

function roomExists(roomId: string): ParleyError {
  return new ParleyError({
    code: 'room_exists',
    message: `A room ${roomId} exists already. Use it, or choose another id.`,
    details: { roomId },
  })
}
