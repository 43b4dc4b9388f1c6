import { pageLimit } from '@parley/spec'
import type { ConversationStore, RoomEvent, SqlDatabase } from '@parley/spec'

import { toEvent } from './rows.ts'
import type { EventRow } from './rows.ts'

type Query = NonNullable<Parameters<ConversationStore['events']>[1]>
type TailFilter = NonNullable<Parameters<ConversationStore['tail']>[2]>

/** Reads a range of a log. */
export async function readEvents(database: SqlDatabase, roomId: string, query: Query): Promise<RoomEvent[]> {
  const { after, before, types, thread, newestFirst = false, raw = false } = query
  const values: unknown[] = [roomId]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['room_id = $1']
  if (after !== undefined) where.push(`index > ${bind(after)}`)
  if (before !== undefined) where.push(`index < ${bind(before)}`)
  if (types !== undefined) where.push(`type = ANY(${bind(types)}::text[])`)
  if (thread !== undefined) {
    const root = bind(thread)
    where.push(`(parent_event_id = ${root} OR id = ${root})`)
  }
  const order = newestFirst ? 'DESC' : 'ASC'
  const { rows } = await database.query<EventRow>(
    `SELECT index, doc, view FROM parley.events WHERE ${where.join(' AND ')} ORDER BY index ${order} LIMIT ${bind(pageLimit(query.limit))}`,
    values,
  )
  return rows.map((row) => toEvent(row, raw))
}

/** Reads the last events of a log that pass, ascending. */
export async function readTail(
  database: SqlDatabase,
  roomId: string,
  n: number,
  filter: TailFilter,
): Promise<RoomEvent[]> {
  const { types, upToIndex, statuses } = filter
  const values: unknown[] = [roomId]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['room_id = $1']
  if (upToIndex !== undefined) where.push(`index <= ${bind(upToIndex)}`)
  if (types !== undefined) where.push(`type = ANY(${bind(types)}::text[])`)
  if (statuses !== undefined) where.push(`status = ANY(${bind(statuses)}::text[])`)
  const { rows } = await database.query<EventRow>(
    `SELECT index, doc, view FROM parley.events WHERE ${where.join(' AND ')} ORDER BY index DESC LIMIT ${bind(n)}`,
    values,
  )
  return rows.map((row) => toEvent(row)).reverse()
}
