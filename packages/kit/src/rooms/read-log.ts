import {
  ParleyError,
  type EventId,
  type EventQuery,
  type ReadMarker,
  type Receipt,
  type ReceiptKind,
  type Room,
  type RoomEvent,
  type RoomId,
  type TurnId,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { canSee } from './can-see.ts'
import { roomNotFound } from './commit-to-log.ts'
import { inRoom } from './in-room.ts'

/** Reads of other organizations' rooms find nothing. @throws {ParleyError} `room_not_found` */
export async function existingRoom(
  { store }: Pick<KitParts, 'store'>,
  roomId: RoomId,
  organizationId?: string,
): Promise<Room> {
  const room = await store.getRoom(roomId, organizationId === undefined ? {} : { organizationId })
  if (room === null) throw roomNotFound(roomId)
  return room
}

/** Entries of a log, filtered for one reader if asked. @throws {ParleyError} `room_not_found`, `invalid_options` */
export async function readEvents(parts: KitParts, roomId: RoomId, query: EventQuery = {}): Promise<RoomEvent[]> {
  const { asReader, ...rest } = query
  const limit = query.limit ?? 100
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'limit must be a whole number from 1 to 1000.',
      details: { path: 'limit', expected: '1 to 1000' },
    })
  }
  await existingRoom(parts, roomId)
  if (asReader === undefined) return parts.store.events(roomId, rest)
  const binding = await parts.store.bindings.get(roomId, asReader)
  const reader = binding ?? { channelId: asReader }
  const seen: RoomEvent[] = []
  // Hidden entries do not count: a page is full, or the log has ended. So nobody takes a hidden stretch for the end.
  for (let range = rest; ;) {
    const page = await parts.store.events(roomId, { ...range, limit })
    seen.push(...page.filter((event) => canSee(event, reader)))
    const last = page.at(-1)
    if (last === undefined || page.length < limit || seen.length >= limit) return seen.slice(0, limit)
    range = query.newestFirst === true ? { ...range, before: last.index } : { ...range, after: last.index }
  }
}

/** Erases what an event said for good; its place in the log stays. */
export async function redactEvent(
  parts: KitParts,
  roomId: RoomId,
  eventId: EventId,
  { by, reason }: { by: string; reason: string },
): Promise<RoomEvent> {
  return inRoom(parts, roomId, async () => {
    const event = await parts.store.getEvent(roomId, eventId)
    if (event === null) {
      throw new ParleyError({
        code: 'event_not_found',
        message: `Room ${roomId} has no event ${eventId}. Look its id up with kit.events(roomId).`,
        details: { roomId, eventId },
      })
    }
    return parts.store.redact(roomId, eventId, { at: parts.now(), by, reason })
  })
}

/** Which receipts to read. */
export interface ReceiptQuery {
  kind?: ReceiptKind
  turnId?: TurnId
  after?: string
  limit?: number
}

export async function readReceipts(parts: KitParts, roomId: RoomId, query: ReceiptQuery = {}): Promise<Receipt[]> {
  await existingRoom(parts, roomId)
  return (await parts.store.receipts.list({ roomId, ...query })).items
}

/** Moves a reader's marker forward, never back. */
export async function markRead(parts: KitParts, roomId: RoomId, readerId: string, index: number): Promise<ReadMarker> {
  await existingRoom(parts, roomId)
  const known = await parts.store.readMarkers.get(roomId, readerId)
  if (known !== null && known.index >= index) return known
  const marker: ReadMarker = { roomId, readerId, index, at: parts.now() }
  await parts.store.readMarkers.put([marker])
  parts.ephemeral.publish(roomId, { type: 'readReceipt', from: readerId, data: { index } })
  return marker
}
