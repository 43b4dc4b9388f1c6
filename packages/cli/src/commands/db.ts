import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { ParleyError, toWire, type SqlDatabase } from '@parley/spec'
import { databaseAddress, openCliDatabase } from '../database/open-cli-database.ts'
import { exportDatabase, readMigrations, type TableSum } from '../database/export-database.ts'
import { importDatabase } from '../database/import-database.ts'
import { migrateAll } from '../database/migrate-all.ts'
import { countRows, readTables } from '../database/tables.ts'
import { exitCodes } from '../exit-code.ts'
import { barAfterMs, progressBar } from '../progress/progress-bar.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley db`. */
export interface DbOptions {
  store?: string
  file?: string
}

/** Shows, migrates, writes out or reads in a database. */
export async function db(
  context: CommandContext,
  action: 'status' | 'migrate' | 'export' | 'import',
  { store, file }: DbOptions,
): Promise<CommandEnd> {
  const { world, cwd } = context
  const database = await openCliDatabase(databaseAddress(store, world.env), cwd)
  try {
    if (action === 'status') return await showStatus(context, database)
    if (action === 'migrate') {
      await migrateAll(database, world.clock)
      return await showStatus(context, database)
    }
    const path = file === undefined ? undefined : resolve(cwd, file)
    return action === 'export' ? await writeOut(context, database, path) : await readIn(context, database, path)
  } finally {
    await database.close()
  }
}

async function showStatus({ output }: CommandContext, database: SqlDatabase): Promise<CommandEnd> {
  const migrations = await readMigrations(database)
  const tables: { [name: string]: number } = {}
  if (Object.keys(migrations).length > 0) {
    for (const table of await readTables(database)) tables[table.name] = await countRows(database, table)
  }
  const areas = Object.entries(migrations).map(([area, names]) => ({
    area,
    count: Array.isArray(names) ? names.length : 0,
  }))
  output.print(
    areas.length === 0
      ? 'no schema yet; parley db migrate makes it'
      : areas.map(({ area, count }) => `schema ${area} ${count}`).join('\n'),
  )
  for (const [name, rows] of Object.entries(tables)) output.print(`${name.padEnd(32)} ${String(rows).padStart(10)}`)
  return { exit: exitCodes.done, result: { kind: database.kind, migrations, tables } }
}

async function writeOut(context: CommandContext, database: SqlDatabase, path: string | undefined): Promise<CommandEnd> {
  const { world, output } = context
  const count = counter(context)
  if (path === undefined) {
    if (output.isJson) throw noPlace()
    const tables = await exportDatabase(
      database,
      async (line) => {
        count()
        output.printRaw(`${line}\n`)
      },
      world,
    )
    return finish(context, tables)
  }
  // Readers see a whole export or none.
  const part = `${path}.${process.pid}.part`
  const handle = await open(part, 'w', 0o600)
  try {
    const tables = await exportDatabase(
      database,
      async (line) => {
        count()
        await handle.appendFile(`${line}\n`)
      },
      world,
    )
    await handle.sync()
    await handle.close()
    await rename(part, path)
    return finish(context, tables)
  } catch (error) {
    await handle.close()
    await rm(part, { force: true })
    throw error
  }
}

async function readIn(context: CommandContext, database: SqlDatabase, path: string | undefined): Promise<CommandEnd> {
  const { world } = context
  await migrateAll(database, world.clock)
  const count = counter(context)
  const input = path === undefined ? Readable.from(world.stdin) : createReadStream(path, 'utf8')
  const lines = createInterface({ input, crlfDelay: Infinity })
  async function* counted(): AsyncGenerator<string> {
    try {
      for await (const line of lines) {
        count()
        yield line
      }
    } catch (cause) {
      throw new ParleyError({ code: 'document_unknown', message: 'The file of --file cannot be read.', cause })
    }
  }
  return finish(context, await importDatabase(database, counted(), world))
}

function counter({ world, output }: CommandContext): () => void {
  const startedMs = world.clock.monotonicMs()
  let done = 0
  return () => {
    done += 1
    const elapsedMs = world.clock.monotonicMs() - startedMs
    if (done % 500 === 0 && elapsedMs >= barAfterMs)
      output.redraw(progressBar({ done, elapsedMs, unit: 'rows' }, output.columns))
  }
}

function finish({ output }: CommandContext, tables: { [table: string]: TableSum }): CommandEnd {
  if (output.isLive) output.redraw('')
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
  for (const [name, { rows: count, sha256 }] of Object.entries(tables))
    output.note(`${name.padEnd(32)} ${String(count).padStart(10)}  ${sha256.slice(0, 16)}`)
  output.note(`${rows} rows`)
  return {
    exit: exitCodes.done,
    result: { rows, tables: Object.fromEntries(Object.entries(tables).map(([name, sum]) => [name, toWire(sum)])) },
  }
}

function noPlace(): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: 'Standard output cannot carry both the export and the answer of --json. Give --file <path>.',
    details: { path: 'file' },
  })
}
