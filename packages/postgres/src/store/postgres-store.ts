import { checkMetadataKeys, createSystemClock, pageLimit, parseCursor } from '@parley/spec'
import type {
  ChannelBinding,
  Clock,
  ConversationStore,
  IdSource,
  Participant,
  Room,
  RoomEvent,
  SqlDatabase,
} from '@parley/spec'

import { migrate } from '../database/migrate.ts'
import { commitToPostgres } from './commit-to-postgres.ts'
import { readEvents, readTail } from './log-queries.ts'
import { createPostgresFamilies } from './postgres-families.ts'
import { toChanges, toReplacement } from './room-changes.ts'
import type { RoomChanges } from './room-changes.ts'
import { findRooms, latestRoom, roomsByChannel } from './room-queries.ts'
import { roomColumns, roomTables, toEvent, toInstant, toRoom, toRoomDoc } from './rows.ts'
import type { EventRow, RoomRow } from './rows.ts'
import { storeMigrations } from './schema.ts'
import { eventNotFound, guarded, roomExists, roomNotFound, versionConflict } from './store-errors.ts'

/** Options of `createPostgresStore`. */
export interface PostgresStoreOptions {
  /** Where rooms and logs are kept, in the schema `parley`. It stays the caller's to close. */
  database: SqlDatabase
  /** Stamps commits and status changes. @default the system clock */
  clock?: Clock
  /** Accepted for symmetry with other stores; this one makes no ids. */
  ids?: IdSource
}

/**
 * Makes a store on PostgreSQL, embedded or on a server: the same statements on both. The schema is brought up to date
 * at the first use. A commit is one statement.
 * @throws {ParleyError} from every call: `store_unavailable` (retryable) when the database cannot be reached
 */
export function createPostgresStore({
  database,
  clock = createSystemClock(),
}: PostgresStoreOptions): ConversationStore {
  const ready = onceMigrated(database)
  const now = (): string => toInstant(clock.now())

  async function queryRooms(text: string, values: readonly unknown[]): Promise<Room[]> {
    const { rows } = await (await ready()).query<RoomRow>(text, values)
    return rows.map(toRoom)
  }
  async function change(id: string, expectedVersion: number | undefined, changes: RoomChanges): Promise<Room> {
    const { rows } = await (
      await ready()
    ).query<RoomRow & { outcome: string }>(
      'SELECT outcome, doc, event_count, latest_index, delivered_index, last_activity FROM parley.change_stored_room($1, $2::integer, $3::jsonb, $4)',
      [id, expectedVersion ?? null, JSON.stringify(changes), now()],
    )
    const row = rows[0]
    if (row === undefined || row.outcome === 'missing') throw roomNotFound(id)
    const room = toRoom(row)
    if (row.outcome === 'stale') throw versionConflict(id, room.version)
    return room
  }
  const close = (): Promise<void> => Promise.resolve()

  return {
    ...createPostgresFamilies(ready),
    isProcessLocal: false,
    createRoom: (room) =>
      guarded(async () => {
        checkMetadataKeys(room.metadata)
        const { rows } = await (
          await ready()
        ).query<{ added: boolean }>('SELECT parley.add_room($1::jsonb, $2::bigint) AS added', [
          JSON.stringify(toRoomDoc(room)),
          Date.parse(room.lastActivityAt),
        ])
        if (rows[0]?.added !== true) throw roomExists(room.id)
        return { ...room, eventCount: 0, latestIndex: -1, deliveredIndex: -1 }
      }),
    getRoom: (id, { organizationId } = {}) =>
      guarded(async () => {
        const [room] = await queryRooms(`SELECT ${roomColumns} FROM ${roomTables} WHERE r.id = $1`, [id])
        const isForeign = organizationId !== undefined && room?.organizationId !== organizationId
        return room === undefined || isForeign ? null : room
      }),
    updateRoom: (room) => guarded(async () => change(room.id, room.version, toReplacement(room, now()))),
    patchRoom: (id, patch) => guarded(async () => change(id, patch.expectedVersion, toChanges(patch))),
    findRooms: (filter) =>
      guarded(async () => {
        const limit = pageLimit(filter.limit)
        const { text, values } = findRooms(filter, parseCursor(filter.after), limit)
        const { rows } = await (await ready()).query<RoomRow & { seq: number }>(text, values)
        const items = rows.slice(0, limit).map(toRoom)
        const last = rows[limit - 1]
        return rows.length > limit && last !== undefined ? { items, next: String(last.seq) } : { items }
      }),
    findLatestRoom: (query) =>
      guarded(async () => {
        const { text, values } = latestRoom(query)
        return (await queryRooms(text, values))[0] ?? null
      }),
    roomsByChannel: (query) =>
      guarded(async () => {
        const { text, values } = roomsByChannel(query, pageLimit(query.limit))
        return queryRooms(text, values)
      }),
    dueRooms: (instant, limit) =>
      guarded(() =>
        queryRooms(
          'SELECT doc, event_count, latest_index, delivered_index, last_activity FROM parley.due_rooms($1::bigint, $2::integer)',
          [Date.parse(instant), limit],
        ),
      ),
    commit: (roomId, drafts, also) =>
      guarded(async () => commitToPostgres({ database: await ready(), clock }, roomId, drafts, also)),
    events: (roomId, query = {}) => guarded(async () => readEvents(await ready(), roomId, query)),
    tail: (roomId, n, filter = {}) => guarded(async () => readTail(await ready(), roomId, n, filter)),
    getEvent: (roomId, eventId, { raw = false } = {}) =>
      guarded(async () => {
        const { rows } = await (
          await ready()
        ).query<EventRow>('SELECT index, doc, view FROM parley.events WHERE room_id = $1 AND id = $2', [
          roomId,
          eventId,
        ])
        return rows[0] === undefined ? null : toEvent(rows[0], raw)
      }),
    eventByIdempotencyKey: (roomId, key) =>
      guarded(async () => {
        const { rows } = await (
          await ready()
        ).query<EventRow>('SELECT index, doc, view FROM parley.events WHERE room_id = $1 AND idempotency_key = $2', [
          roomId,
          key,
        ])
        return rows[0] === undefined ? null : toEvent(rows[0])
      }),
    eventCount: (roomId) =>
      guarded(async () => {
        const { rows } = await (
          await ready()
        ).query<{ event_count: number }>('SELECT event_count FROM parley.room_counters WHERE room_id = $1', [roomId])
        return rows[0]?.event_count ?? 0
      }),
    redact: (roomId, eventId, redacted) =>
      guarded(async () => {
        const { rows } = await (
          await ready()
        ).query<EventRow>('SELECT index, doc, view FROM parley.redact_event($1, $2, $3::jsonb)', [
          roomId,
          eventId,
          JSON.stringify(redacted),
        ])
        if (rows[0] === undefined) throw eventNotFound(roomId, eventId)
        return toEvent(rows[0])
      }),
    advanceDelivered: (roomId, from, to) =>
      guarded(async () => {
        const { rows } = await (
          await ready()
        ).query(
          'UPDATE parley.room_counters SET delivered_index = $3::integer WHERE room_id = $1 AND delivered_index = $2::integer AND $3::integer BETWEEN delivered_index AND latest_index RETURNING room_id',
          [roomId, from, to],
        )
        return rows.length > 0
      }),
    undelivered: (limit) =>
      guarded(() =>
        queryRooms(
          `SELECT ${roomColumns} FROM ${roomTables} WHERE c.delivered_index < c.latest_index ORDER BY r.seq LIMIT $1`,
          [limit],
        ),
      ),
    loadContext: (roomId, { tail }) => guarded(async () => loadContext(await ready(), roomId, tail)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The database once its schema is up to date; a failed attempt is made again by the next call. */
function onceMigrated(database: SqlDatabase): () => Promise<SqlDatabase> {
  let migrated: Promise<SqlDatabase> | undefined
  return () => {
    migrated ??= migrate(database, 'conversations', storeMigrations).then(
      () => database,
      (error: unknown) => {
        migrated = undefined
        throw error
      },
    )
    return migrated
  }
}

type ContextRow =
  | ({ part: 'r' } & RoomRow)
  | { part: 'b'; doc: ChannelBinding }
  | { part: 'p'; doc: Participant }
  | ({ part: 'e' } & EventRow)

/** Everything of a room at once, as of one moment. */
async function loadContext(
  database: SqlDatabase,
  roomId: string,
  tail: number,
): ReturnType<ConversationStore['loadContext']> {
  const { rows } = await database.query<ContextRow>('SELECT * FROM parley.load_context($1, $2::integer)', [
    roomId,
    tail,
  ])
  let room: Room | undefined
  const bindings: ChannelBinding[] = []
  const participants: Participant[] = []
  const recentEvents: RoomEvent[] = []
  for (const row of rows) {
    if (row.part === 'r') room = toRoom(row)
    else if (row.part === 'b') bindings.push(row.doc)
    else if (row.part === 'p') participants.push(row.doc)
    else recentEvents.push(toEvent(row))
  }
  return room === undefined ? null : { room, bindings, participants, recentEvents: recentEvents.reverse() }
}
