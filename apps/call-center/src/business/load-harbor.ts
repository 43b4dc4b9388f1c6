import type { Clock, SqlDatabase } from '@parley/spec'
import { buildHarborData } from './build-harbor-data.ts'
import { dayOf } from './calendar.ts'
import { migrateHarbor } from './migrations.ts'
import { upcomingOutages, upcomingSlots } from './upcoming.ts'

/** What `loadHarbor` may be given. */
export interface LoadHarborOptions {
  clock: Clock
  /** Another seed gives other people around the four. @default 1 */
  seed?: number
}

/** What loading did, for the start text. */
export interface LoadedHarbor {
  accounts: number
  /** Whether the demo data was written now; false when it was there. */
  isFresh: boolean
}

const tables = ['plans', 'accounts', 'devices', 'invoices', 'payments', 'outages', 'slots', 'offers'] as const
const emptied = 'visits, slots, tickets, credits, payments, invoices, devices, outages, offers, accounts, plans'

/**
 * Makes the schema and loads the demo data where there is none, or where it was made from another seed. What people did
 * since stays; free times and outages are moved to today.
 */
export async function loadHarbor(database: SqlDatabase, { clock, seed = 1 }: LoadHarborOptions): Promise<LoadedHarbor> {
  await migrateHarbor(database)
  const now = clock.now()
  const { rows } = await database.query<{ value: string }>("SELECT value FROM harbor.settings WHERE name = 'seed'")
  const isFresh = rows[0]?.value !== String(seed)
  await database.transaction(async (tx) => {
    if (isFresh) {
      await tx.query(`TRUNCATE ${emptied.replaceAll(/\w+/g, 'harbor.$&')}`)
      await tx.query('ALTER SEQUENCE harbor.ticket_number RESTART')
      const data = buildHarborData({ seed, now })
      for (const table of tables) await insertRows(tx, table, data[table])
      await tx.query(
        "INSERT INTO harbor.settings (name, value) VALUES ('seed', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [String(seed)],
      )
      return
    }
    await insertRows(tx, 'slots', upcomingSlots(dayOf(now)))
    for (const { id, started_at, expected_end } of upcomingOutages(now)) {
      await tx.query('UPDATE harbor.outages SET started_at = $2, expected_end = $3 WHERE id = $1', [
        id,
        started_at,
        expected_end,
      ])
    }
  })
  const counted = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM harbor.accounts')
  return { accounts: counted.rows[0]?.count ?? 0, isFresh }
}

/** One statement per table; the rows' keys are the columns. */
async function insertRows(tx: SqlDatabase, table: (typeof tables)[number], rows: readonly object[]): Promise<void> {
  const [first] = rows
  if (!first) return
  const columns = Object.keys(first).join(', ')
  await tx.query(
    `INSERT INTO harbor.${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(null::harbor.${table}, $1::jsonb) ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows)],
  )
}
