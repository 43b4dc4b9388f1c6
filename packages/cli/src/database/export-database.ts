import { createHash } from 'node:crypto'
import { readTables, quoted, type Table } from './tables.ts'
import type { Json, SqlDatabase } from '@parley/spec'

/** Rows and checksum of one table: SHA-256 over its rows as they are written. */
export interface TableSum {
  rows: number
  sha256: string
}

const batchRows = 500

/**
 * Writes all rows of the schema `parley` as lines of JSON, as they were at one moment: a head with the migrations, each
 * row with the name of its table, and a tail with counts and checksums. Gives the tail.
 */
export async function exportDatabase(
  database: SqlDatabase,
  write: (line: string) => Promise<void>,
  { signal }: { signal: AbortSignal },
): Promise<{ [table: string]: TableSum }> {
  return database.transaction(
    async (tx) => {
      await settle(tx)
      await write(JSON.stringify({ v: 1, type: 'export', migrations: await readMigrations(tx) }))
      const sums: { [table: string]: TableSum } = {}
      for (const table of await readTables(tx)) {
        const sum = new RowSum()
        await readRows(tx, table, async (row) => {
          signal.throwIfAborted()
          sum.add(row)
          await write(rowLine(table.name, row))
        })
        sums[table.name] = sum.end()
      }
      await write(JSON.stringify({ v: 1, type: 'end', tables: sums }))
      return sums
    },
    { isolation: 'repeatableRead' },
  )
}

/** Makes the text of values the same on every server, for this transaction. */
export async function settle(tx: SqlDatabase): Promise<void> {
  await tx.query(
    "SELECT set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, YMD', true), set_config('IntervalStyle', 'iso_8601', true), set_config('bytea_output', 'hex', true), set_config('extra_float_digits', '1', true)",
  )
}

/** Names of what was applied, by area. */
export async function readMigrations(database: SqlDatabase): Promise<{ [area: string]: Json }> {
  const { rows: found } = await database.query<{ found: string | null }>(
    "SELECT to_regclass('parley.migrations')::text AS found",
  )
  if (typeof found[0]?.found !== 'string') return {}
  const { rows } = await database.query<{ area: string; name: string }>(
    'SELECT area, name FROM parley.migrations ORDER BY area, name',
  )
  const areas: { [area: string]: string[] } = {}
  for (const { area, name } of rows) (areas[area] ??= []).push(name)
  return areas
}

/** Counts and sums the rows of a table. */
export class RowSum {
  #rows = 0
  readonly #hash = createHash('sha256')

  add(row: string): void {
    this.#rows += 1
    this.#hash.update(row).update('\n')
  }

  end(): TableSum {
    return { rows: this.#rows, sha256: this.#hash.digest('hex') }
  }
}

/**
 * Gives each row of a table as one line of JSON, in the order of its key. Every value is the text that SQL writes for it:
 * keys of JSON keep their order and numbers their digits.
 */
export async function readRows(
  tx: SqlDatabase,
  { name, columns, order }: Table,
  take: (row: string) => Promise<void>,
): Promise<void> {
  const names = columns.map(({ name: column }) => `'${column.replaceAll("'", "''")}'`).join(', ')
  const texts = columns.map(({ name: column }) => `${quoted(column)}::text`).join(', ')
  await tx.query(
    `DECLARE parley_export CURSOR FOR SELECT json_object(ARRAY[${names}], ARRAY[${texts}])::text AS row FROM parley.${quoted(name)} ORDER BY ${order.map((column) => orderBy(column)).join(', ')}`,
  )
  for (;;) {
    const { rows } = await tx.query<{ row: string }>(`FETCH ${batchRows} FROM parley_export`)
    for (const { row } of rows) await take(row)
    if (rows.length < batchRows) break
  }
  await tx.query('CLOSE parley_export')
}

function orderBy(column: string): string {
  // Text sorts by the rules of a place on some servers, which would give another checksum for the same rows.
  return `${quoted(column)}::text COLLATE "C"`
}

/** A row as a line of an export. */
export function rowLine(table: string, row: string): string {
  return `{"v":1,"type":"row","table":${JSON.stringify(table)},"row":${row}}`
}
