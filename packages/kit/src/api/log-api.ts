import type { EventId, EventQuery, Observation, ReadMarker, Receipt, RoomEvent, RoomId, RoomTask } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { existingRoom, markRead, readEvents, readReceipts, redactEvent, type ReceiptQuery } from '../rooms/read-log.ts'

/** What was said and decided in a kit's rooms, and who has read it. */
export interface LogApi {
  events(roomId: RoomId, query?: EventQuery): Promise<RoomEvent[]>
  /** A root event and its replies. */
  thread(roomId: RoomId, rootId: EventId): Promise<RoomEvent[]>
  /** Erases what an event said for good; its place in the log stays. */
  redactEvent(roomId: RoomId, eventId: EventId, by: { by: string; reason: string }): Promise<RoomEvent>
  receipts(roomId: RoomId, query?: ReceiptQuery): Promise<Receipt[]>
  tasks(roomId: RoomId): Promise<RoomTask[]>
  observations(roomId: RoomId): Promise<Observation[]>
  markRead(roomId: RoomId, readerId: string, index: number): Promise<ReadMarker>
  markAllRead(roomId: RoomId, readerId: string): Promise<ReadMarker>
  readMarkers(roomId: RoomId): Promise<ReadMarker[]>
}

/** What a kit does with the logs of its rooms. */
export function createLogApi(parts: KitParts): LogApi {
  const { store } = parts
  return {
    events: async (roomId, query) => readEvents(parts, roomId, query),
    thread: async (roomId, rootId) => readEvents(parts, roomId, { thread: rootId, limit: 1_000 }),
    redactEvent: async (roomId, eventId, by) => redactEvent(parts, roomId, eventId, by),
    receipts: async (roomId, query) => readReceipts(parts, roomId, query),
    tasks: async (roomId) => (await store.tasks.list({ roomId, limit: 1_000 })).items,
    observations: async (roomId) => (await store.observations.list({ roomId, limit: 1_000 })).items,
    markRead: async (roomId, readerId, index) => markRead(parts, roomId, readerId, index),
    markAllRead: async (roomId, readerId) =>
      markRead(parts, roomId, readerId, (await existingRoom(parts, roomId)).latestIndex),
    readMarkers: async (roomId) => (await store.readMarkers.list({ roomId, limit: 1_000 })).items,
  }
}
