import { openDatabase } from '@parley/postgres'
import type { SqlDatabase } from '@parley/spec'

/** A database that is closed with its block. */
export interface BenchDatabase extends AsyncDisposable {
  readonly database: SqlDatabase
}

/** Opens a database for the length of a block. */
export async function openBenchDatabase(uri = 'memory://'): Promise<BenchDatabase> {
  const database = await openDatabase(uri)
  return { database, [Symbol.asyncDispose]: () => database.close() }
}
