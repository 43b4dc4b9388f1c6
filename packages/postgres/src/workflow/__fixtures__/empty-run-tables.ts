import type { SqlDatabase } from '@parley/spec'

const tables = [
  'definitions',
  'runs',
  'run_heads',
  'executors',
  'run_events',
  'step_runs',
  'attempts',
  'state_snapshots',
  'budget_ledger',
  'receipts',
  'waits',
  'signals',
  'blobs',
  'blob_uses',
]

/** Empties the tables of runs, so that one database serves many tests. */
export async function emptyRunTables(database: SqlDatabase): Promise<void> {
  const { rows } = await database.query<{ found: string | null }>("SELECT to_regclass('parley.runs')::text AS found")
  if (typeof rows[0]?.found !== 'string') return
  await database.query(`TRUNCATE ${tables.map((name) => `parley.${name}`).join(', ')}`)
}
