import type { Room, RoomEvent } from '@parley/spec'

/** A room as the store's statements give it. */
export interface RoomRow {
  doc: Omit<Room, 'eventCount' | 'latestIndex' | 'deliveredIndex' | 'lastActivityAt'>
  event_count: number
  latest_index: number
  delivered_index: number
  last_activity: number
}

/** The columns of a `RoomRow`, of `rooms r` joined with `room_counters c`. */
export const roomColumns = 'r.doc, c.event_count, c.latest_index, c.delivered_index, c.last_activity'

/** The tables of a `RoomRow`. */
export const roomTables = 'parley.rooms r JOIN parley.room_counters c ON c.room_id = r.id'

/** An event as the store's statements give it. */
export interface EventRow {
  index: number
  doc: Omit<RoomEvent, 'index'>
  view: Partial<RoomEvent> | null
}

export function toInstant(ms: number): string {
  return new Date(ms).toISOString()
}

export function toRoom(row: RoomRow): Room {
  return {
    ...row.doc,
    eventCount: row.event_count,
    latestIndex: row.latest_index,
    deliveredIndex: row.delivered_index,
    lastActivityAt: toInstant(row.last_activity),
  }
}

/** The part of a room that lies in its document. */
export function toRoomDoc(room: Room): RoomRow['doc'] {
  const {
    eventCount: _count,
    latestIndex: _latest,
    deliveredIndex: _delivered,
    lastActivityAt: _activity,
    ...doc
  } = room
  return doc
}

/** An event as reads show it, or as it was written when `raw`. */
export function toEvent({ index, doc, view }: EventRow, raw = false): RoomEvent {
  return view === null || raw ? { ...doc, index } : { ...doc, index, ...view }
}
