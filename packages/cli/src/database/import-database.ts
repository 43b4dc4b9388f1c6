import { ParleyError, type Json, type SqlDatabase } from '@parley/spec'
import { readMigrations, readRows, RowSum, settle, type TableSum } from './export-database.ts'
import { countRows, quoted, readTables, type Table } from './tables.ts'

const batchRows = 500
const rowPattern = /^\{"v":1,"type":"row","table":"([a-z0-9_]+)","row":(\{.*\})\}$/

/**
 * Reads an export into a database whose tables are empty, all or nothing, and compares the checksums of what is then in
 * the tables with those of the export. The schema must be the same.
 * @throws {ParleyError} `config_invalid` for another schema or tables that are not empty, `body_invalid` for what is no
 * whole export
 */
export async function importDatabase(
  database: SqlDatabase,
  lines: AsyncIterable<string>,
  { signal }: { signal: AbortSignal },
): Promise<{ [table: string]: TableSum }> {
  return database.transaction(async (tx) => {
    const tables = new Map((await readTables(tx)).map((table) => [table.name, table]))
    for (const table of tables.values()) {
      if ((await countRows(tx, table)) > 0) throw notEmpty(table.name)
    }
    await settle(tx)
    const waiting = new Map<string, string[]>()
    let head: { [key: string]: Json } | undefined
    let tail: { [key: string]: Json } | undefined
    for await (const line of lines) {
      signal.throwIfAborted()
      if (line.trim() === '') continue
      if (tail !== undefined) throw broken('it goes on after its end')
      const [, name, row] = rowPattern.exec(line) ?? []
      if (name !== undefined && row !== undefined) {
        if (head === undefined) throw broken('it has no head')
        const table = tables.get(name)
        if (table === undefined) throw broken(`this schema has no table ${name}`)
        const rows = waiting.get(name) ?? []
        waiting.set(name, rows)
        rows.push(row)
        if (rows.length >= batchRows) await insert(tx, table, rows.splice(0))
        continue
      }
      const mark = parseMark(line)
      if (mark['type'] === 'export') {
        head = mark
        await checkSchema(tx, mark['migrations'] ?? {})
      } else if (mark['type'] === 'end') tail = mark
      else throw broken('a line is neither head, row nor end')
    }
    for (const [name, rows] of waiting) {
      const table = tables.get(name)
      if (table !== undefined && rows.length > 0) await insert(tx, table, rows)
    }
    if (head === undefined || tail === undefined) throw broken('it is not whole')
    const sums: { [table: string]: TableSum } = {}
    for (const table of tables.values()) {
      sums[table.name] = await sumOf(tx, table)
      await countOn(tx, table)
    }
    checkSums(sums, tail['tables'] ?? {})
    return sums
  })
}

async function insert(tx: SqlDatabase, { name, columns }: Table, rows: readonly string[]): Promise<void> {
  const list = columns.map((column) => quoted(column.name)).join(', ')
  const values = columns.map((column) => `(value->>'${column.name.replaceAll("'", "''")}')::${column.type}`).join(', ')
  try {
    await tx.query(
      `INSERT INTO parley.${quoted(name)} (${list}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM json_array_elements($1::json)`,
      [`[${rows.join(',')}]`],
    )
  } catch (cause) {
    if (ParleyError.isInstance(cause)) throw cause
    throw broken(`rows of table ${name} do not fit it`, cause)
  }
}

async function sumOf(tx: SqlDatabase, table: Table): Promise<TableSum> {
  const sum = new RowSum()
  await readRows(tx, table, async (row) => sum.add(row))
  return sum.end()
}

/** Numbers that the database gives go on after the largest that came in. */
async function countOn(tx: SqlDatabase, { name, counting }: Table): Promise<void> {
  for (const column of counting) {
    await tx.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), max(${quoted(column)})) FROM parley.${quoted(name)} HAVING max(${quoted(column)}) IS NOT NULL`,
      [`parley.${quoted(name)}`, column],
    )
  }
}

async function checkSchema(tx: SqlDatabase, theirs: Json): Promise<void> {
  const ours = await readMigrations(tx)
  const isSame = JSON.stringify(ours) === JSON.stringify(theirs)
  if (isSame) return
  throw new ParleyError({
    code: 'config_invalid',
    message:
      'The export is of another version of the schema. Migrate its database with parley db migrate and export again.',
  })
}

function checkSums(ours: { [table: string]: TableSum }, theirs: Json): void {
  for (const [table, { rows, sha256 }] of Object.entries(ours)) {
    const sum = typeof theirs === 'object' && theirs !== null && !Array.isArray(theirs) ? theirs[table] : undefined
    const given = typeof sum === 'object' && sum !== null && !Array.isArray(sum) ? sum : {}
    if (given['rows'] === rows && given['sha256'] === sha256) continue
    if (rows === 0 && sum === undefined) continue
    throw broken(`table ${table} has another checksum than the export says`)
  }
}

function parseMark(line: string): { [key: string]: Json } {
  try {
    // What JSON.parse gives is JSON; what it is of is looked at by the caller.
    const value = JSON.parse(line) as Json
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
  } catch {
    throw broken('a line is not JSON')
  }
}

function notEmpty(table: string): ParleyError {
  return new ParleyError({
    code: 'config_invalid',
    message: `Table ${table} has rows already. Import into an empty database.`,
    details: { table },
  })
}

function broken(fault: string, cause?: unknown): ParleyError {
  return new ParleyError({
    code: 'body_invalid',
    message: `The export cannot be read: ${fault}. Nothing was changed; export again.`,
    cause,
  })
}
