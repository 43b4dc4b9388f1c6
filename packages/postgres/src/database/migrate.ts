import type { SqlDatabase } from '@parley/spec'

/** One step of a schema, applied once and never changed afterwards. It only adds. */
export interface Migration {
  /** Unique within its area; applied in the order of the list. */
  name: string
  statements: readonly string[]
}

/** One advisory lock for all areas: whoever migrates, the others wait. */
const lockKey = 7_270_315_901

/**
 * Brings the schema `parley` up to date for one area (such as `conversations`), in one transaction under one advisory
 * lock, so that any number of processes may start at once. What was applied before is left alone.
 */
export async function migrate(database: SqlDatabase, area: string, migrations: readonly Migration[]): Promise<void> {
  if (await isUpToDate(database, area, migrations)) return
  await database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1::bigint)', [lockKey])
    await tx.query('CREATE SCHEMA IF NOT EXISTS parley')
    await tx.query(
      'CREATE TABLE IF NOT EXISTS parley.migrations (area text NOT NULL, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (area, name))',
    )
    const applied = await appliedNames(tx, area)
    for (const { name, statements } of migrations) {
      if (applied.has(name)) continue
      for (const statement of statements) await tx.query(statement)
      await tx.query('INSERT INTO parley.migrations (area, name) VALUES ($1, $2)', [area, name])
    }
  })
}

async function isUpToDate(database: SqlDatabase, area: string, migrations: readonly Migration[]): Promise<boolean> {
  const { rows } = await database.query<{ found: string | null }>(
    "SELECT to_regclass('parley.migrations')::text AS found",
  )
  if (typeof rows[0]?.found !== 'string') return false
  const applied = await appliedNames(database, area)
  return migrations.every(({ name }) => applied.has(name))
}

async function appliedNames(database: SqlDatabase, area: string): Promise<Set<string>> {
  const { rows } = await database.query<{ name: string }>('SELECT name FROM parley.migrations WHERE area = $1', [area])
  return new Set(rows.map((row) => row.name))
}
