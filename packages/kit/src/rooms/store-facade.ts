import type { ConversationStore, Room, RoomId, RoomPatch } from '@parley/spec'

/**
 * A kit's store as others see it: reads as they are, no `commit`; saving a room runs through its lock and log, so a
 * change made here leaves the same records as one made by the kit.
 */
export type ConversationStoreFacade = Omit<ConversationStore, 'commit' | 'close' | typeof Symbol.asyncDispose>

/** What the facade's writes are made of. */
export interface FacadeWrites {
  createRoom(room: Room): Promise<Room>
  updateRoom(room: Room): Promise<Room>
  patchRoom(roomId: RoomId, patch: Omit<RoomPatch, 'create'>): Promise<Room>
  redact: ConversationStore['redact']
}

/** Puts the facade before a raw store. */
export function createStoreFacade(store: ConversationStore, writes: FacadeWrites): ConversationStoreFacade {
  return {
    ...writes,
    getRoom: (id, options) => store.getRoom(id, options),
    findRooms: (filter) => store.findRooms(filter),
    findLatestRoom: (query) => store.findLatestRoom(query),
    roomsByChannel: (query) => store.roomsByChannel(query),
    dueRooms: (now, limit) => store.dueRooms(now, limit),
    events: (roomId, query) => store.events(roomId, query),
    tail: (roomId, n, filter) => store.tail(roomId, n, filter),
    getEvent: (roomId, eventId, options) => store.getEvent(roomId, eventId, options),
    eventByIdempotencyKey: (roomId, key) => store.eventByIdempotencyKey(roomId, key),
    eventCount: (roomId) => store.eventCount(roomId),
    advanceDelivered: (roomId, from, to) => store.advanceDelivered(roomId, from, to),
    undelivered: (limit) => store.undelivered(limit),
    loadContext: (roomId, options) => store.loadContext(roomId, options),
    bindings: store.bindings,
    tombstones: store.tombstones,
    participants: store.participants,
    identities: store.identities,
    tasks: store.tasks,
    observations: store.observations,
    requests: store.requests,
    readMarkers: store.readMarkers,
    receipts: store.receipts,
    reminders: store.reminders,
    toolResults: store.toolResults,
    isProcessLocal: store.isProcessLocal,
  }
}
