import type { IdSource, SqlDatabase } from '@parley/spec'
import { dayName, type Day } from './calendar.ts'

/** A free time of a technician. */
export interface Slot {
  slotId: string
  day: Day
  /** Such as `Monday, November 23`. */
  dayName: string
  starts: string
  ends: string
  part: 'morning' | 'afternoon'
}

/** A booked visit. */
export interface Visit extends Slot {
  visitId: string
  ticketId: string
  technician: string
}

interface SlotRecord {
  slotId: string
  day: Day
  starts: string
  ends: string
}

const slotFields = 'SELECT id AS "slotId", day, starts, ends FROM harbor.slots'

/** Free times after a day, soonest first. */
export async function freeSlots(database: SqlDatabase, after: Day, limit = 6): Promise<Slot[]> {
  const { rows } = await database.query<SlotRecord>(
    `${slotFields} WHERE ticket_id IS NULL AND day > $1 ORDER BY day, starts LIMIT $2`,
    [after, limit],
  )
  return rows.map(toSlot)
}

/** Whether a time exists, and whether it is still free. */
export async function slotState(database: SqlDatabase, slotId: string): Promise<'free' | 'taken' | 'unknown'> {
  const { rows } = await database.query<{ taken: boolean }>(
    'SELECT ticket_id IS NOT NULL AS taken FROM harbor.slots WHERE id = $1',
    [slotId],
  )
  const [row] = rows
  return row === undefined ? 'unknown' : row.taken ? 'taken' : 'free'
}

/**
 * Books a visit by one compare-and-set on the free time: of several who want it, one gets it. The same ticket and time
 * again give the visit that is there.
 */
export async function bookVisit(
  database: SqlDatabase,
  {
    ticketId,
    slotId,
    accountId,
    createdAt,
  }: { ticketId: string; slotId: string; accountId: string; createdAt: string },
  ids: IdSource,
): Promise<Visit | undefined> {
  await database.transaction(async (tx) => {
    const { rowCount } = await tx.query(
      'UPDATE harbor.slots SET ticket_id = $1 WHERE id = $2 AND ticket_id IS NULL RETURNING id',
      [ticketId, slotId],
    )
    if (rowCount === 0) return
    await tx.query(
      'INSERT INTO harbor.visits (id, ticket_id, slot_id, account_id, created_at) VALUES ($1, $2, $3, $4, $5)',
      [ids.next('visit'), ticketId, slotId, accountId, createdAt],
    )
  })
  const visits = await queryVisits(database, 'v.ticket_id = $1 AND v.slot_id = $2', [ticketId, slotId])
  return visits[0]
}

/** Visits of an account, soonest first. */
export async function visitsOf(database: SqlDatabase, accountId: string): Promise<Visit[]> {
  return queryVisits(database, 'v.account_id = $1', [accountId])
}

async function queryVisits(database: SqlDatabase, where: string, values: readonly unknown[]): Promise<Visit[]> {
  const { rows } = await database.query<SlotRecord & { visitId: string; ticketId: string; technician: string }>(
    `SELECT v.id AS "visitId", v.ticket_id AS "ticketId", s.id AS "slotId", s.day, s.starts, s.ends, s.technician
     FROM harbor.visits v JOIN harbor.slots s ON s.id = v.slot_id WHERE ${where} ORDER BY s.day, s.starts`,
    values,
  )
  return rows.map((row) => ({
    ...toSlot(row),
    visitId: row.visitId,
    ticketId: row.ticketId,
    technician: row.technician,
  }))
}

function toSlot({ slotId, day, starts, ends }: SlotRecord): Slot {
  return { slotId, day, dayName: dayName(day), starts, ends, part: starts < '12:00' ? 'morning' : 'afternoon' }
}
