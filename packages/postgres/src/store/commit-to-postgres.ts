import { checkCommit, ParleyError } from '@parley/spec'
import type { Clock, CommitExtras, CommitOutcome, EventDraft, RoomEvent, SqlDatabase } from '@parley/spec'

import { codeOf, sqlState, storeUnavailable } from '../database/database-errors.ts'
import { stamp, toChanges, toRecords } from './room-changes.ts'
import { roomColumns, roomTables, toEvent, toInstant, toRoom, toRoomDoc } from './rows.ts'
import type { EventRow, RoomRow } from './rows.ts'
import { eventNotFound, invalidDraft, roomNotFound } from './store-errors.ts'

type Outcome = 'done' | 'missing' | 'repeated' | 'duplicate' | 'fence' | 'room' | 'conversation' | 'request' | 'target'

interface CommitRow extends RoomRow {
  outcome: Outcome
}

/** What a commit works with. */
export interface CommitContext {
  database: SqlDatabase
  clock: Clock
}

const appendText =
  'SELECT outcome, doc, event_count, latest_index, delivered_index, last_activity FROM parley.append_commit($1, $2::jsonb, $3::bigint, $4::jsonb, $5, $6::bigint)'
const fullText =
  'SELECT outcome, doc, event_count, latest_index, delivered_index, last_activity FROM parley.full_commit($1, $2::jsonb, $3::bigint, $4, $5::jsonb)'
/** A planned room could not be made after all: everything was rolled back. */
const refusedCreation = 'PY002'

/**
 * Writes drafts and everything with them in one statement, or nothing. When the connection is lost meanwhile, the
 * database is asked by the drafts' ids what became of it.
 */
export async function commitToPostgres(
  context: CommitContext,
  roomId: string,
  drafts: readonly EventDraft[],
  also: CommitExtras = {},
): Promise<CommitOutcome> {
  checkCommit(roomId, drafts, also)
  try {
    const row = await (isAppend(also)
      ? append(context, roomId, drafts, also)
      : commitFully(context, roomId, drafts, also))
    return await toOutcome(context, roomId, drafts, also, row)
  } catch (error) {
    if (codeOf(error) === sqlState.uniqueViolation) return resolveDuplicate(context.database, roomId, drafts)
    if (ParleyError.isInstance(error) && error.code === 'store_unavailable')
      return resolveUnknown(context, roomId, drafts, error)
    throw error
  }
}

function isAppend({ conversation, room, effects, requests, tasks, observations }: CommitExtras): boolean {
  return [conversation, room, effects, requests, tasks, observations].every((part) => part === undefined)
}

async function append(
  { database, clock }: CommitContext,
  roomId: string,
  drafts: readonly EventDraft[],
  { receipts, fence }: CommitExtras,
): Promise<CommitRow> {
  const { rows } = await database.query<CommitRow>(appendText, [
    roomId,
    JSON.stringify(drafts),
    activityMs(drafts, clock),
    receipts === undefined || receipts.length === 0 ? null : JSON.stringify(receipts),
    fence?.key ?? null,
    fence?.value ?? null,
  ])
  return first(rows)
}

async function commitFully(
  { database, clock }: CommitContext,
  roomId: string,
  drafts: readonly EventDraft[],
  also: CommitExtras,
): Promise<CommitRow> {
  const now = toInstant(clock.now())
  const values = [
    roomId,
    JSON.stringify(drafts),
    activityMs(drafts, clock),
    now,
    JSON.stringify(toParameters(roomId, also, now)),
  ]
  try {
    const { rows } = await database.query<CommitRow>(fullText, values)
    return first(rows)
  } catch (error) {
    if (codeOf(error) !== refusedCreation || !(error instanceof Error)) throw error
    // The function says in its message which check failed, in the words of `Outcome`.
    return { outcome: error.message as Outcome } as CommitRow
  }
}

function toParameters(roomId: string, also: CommitExtras, now: string): object {
  const { conversation, room: patch, effects, receipts, requests, tasks, observations, fence } = also
  const create = patch?.create
  const records = <V extends { id: string }>(values: readonly V[] | undefined): object | undefined =>
    values === undefined
      ? undefined
      : toRecords(
          values,
          () => roomId,
          (value) => value.id,
        )
  const hasChanges = patch !== undefined || conversation !== undefined
  return {
    create: create === undefined ? undefined : toRoomDoc(create),
    createdMs: create === undefined ? undefined : Date.parse(create.lastActivityAt),
    changes: hasChanges
      ? {
          ...toChanges(patch ?? {}),
          ...(conversation === undefined ? {} : { conversation: stamp(conversation.next, now) }),
        }
      : undefined,
    expectedVersion: patch?.expectedVersion,
    expectedConversation: conversation?.expectedVersion,
    effects,
    receipts: records(receipts),
    requests: records(requests),
    tasks: records(tasks),
    observations: records(observations),
    fence,
  }
}

async function toOutcome(
  { database }: CommitContext,
  roomId: string,
  drafts: readonly EventDraft[],
  also: CommitExtras,
  row: CommitRow,
): Promise<CommitOutcome> {
  switch (row.outcome) {
    case 'done': {
      const firstIndex = row.latest_index - drafts.length + 1
      return {
        events: drafts.map((draft, position) => ({ ...draft, index: firstIndex + position })),
        room: toRoom(row),
      }
    }
    case 'missing':
      throw roomNotFound(roomId)
    case 'repeated':
    case 'duplicate':
      return resolveDuplicate(database, roomId, drafts)
    case 'target':
      throw eventNotFound(roomId, also.effects?.map((effect) => effect.targetEventId).join(', ') ?? '')
    default:
      return { conflict: row.outcome }
  }
}

/** What is there already: the drafts themselves, or an event with one of their idempotency keys. */
async function resolveDuplicate(
  database: SqlDatabase,
  roomId: string,
  drafts: readonly EventDraft[],
): Promise<CommitOutcome> {
  const repeated = await findCommitted(database, roomId, drafts)
  if (repeated !== undefined) return repeated
  const keys = drafts.flatMap(({ idempotencyKey }) => (idempotencyKey === undefined ? [] : [idempotencyKey]))
  const { rows } = await database.query<EventRow>(
    'SELECT index, doc, view FROM parley.events WHERE room_id = $1 AND idempotency_key = ANY($2::text[]) ORDER BY index LIMIT 1',
    [roomId, keys],
  )
  if (rows[0] !== undefined) return { duplicate: toEvent(rows[0]) }
  throw invalidDraft('idempotencyKey', 'a key that no other draft of the commit has')
}

/** The drafts as they were committed before, if they were. */
async function findCommitted(
  database: SqlDatabase,
  roomId: string,
  drafts: readonly EventDraft[],
): Promise<Extract<CommitOutcome, { events: RoomEvent[] }> | undefined> {
  const { rows } = await database.query<EventRow>(
    'SELECT index, doc, view FROM parley.events WHERE room_id = $1 AND id = ANY($2::text[]) ORDER BY index',
    [roomId, drafts.map((draft) => draft.id)],
  )
  if (rows.length === 0) return undefined
  if (rows.length !== drafts.length) throw invalidDraft('id', 'an id that no event of the room has')
  const { rows: rooms } = await database.query<RoomRow>(`SELECT ${roomColumns} FROM ${roomTables} WHERE r.id = $1`, [
    roomId,
  ])
  return { events: rows.map((row) => toEvent(row)), room: toRoom(first(rooms)) }
}

const resolveAttempts = 4
const resolveBaseMs = 100

/** Finds out what became of a commit whose answer was lost; a statement that is still running is waited for. */
async function resolveUnknown(
  { database, clock }: CommitContext,
  roomId: string,
  drafts: readonly EventDraft[],
  lost: ParleyError,
): Promise<CommitOutcome> {
  for (let attempt = 0; ; attempt++) {
    try {
      const committed = await database.transaction(async (tx) => {
        await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [roomId])
        await tx.query('SELECT 1 FROM parley.room_counters WHERE room_id = $1 FOR UPDATE', [roomId])
        return findCommitted(tx, roomId, drafts)
      })
      if (committed === undefined) throw lost
      return committed
    } catch (error) {
      if (error === lost || attempt + 1 >= resolveAttempts) throw lost
    }
    await clock.sleep(resolveBaseMs * 2 ** attempt)
  }
}

function activityMs(drafts: readonly EventDraft[], clock: Clock): number | null {
  return drafts.some((draft) => draft.status === 'committed' && draft.source.kind !== 'system') ? clock.now() : null
}

function first<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw storeUnavailable(new Error('a statement that always answers gave no row'))
  return row
}
