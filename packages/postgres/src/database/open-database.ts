import { ParleyError } from '@parley/spec'
import type { SqlDatabase } from '@parley/spec'

import { parseInt8 } from './database-errors.ts'
import { lockFolder } from './folder-lock.ts'
import { createPgliteDatabase } from './pglite-database.ts'
import { createPoolDatabase } from './pool-database.ts'

/** Options of `openDatabase`. */
export interface OpenDatabaseOptions {
  /** Connections to a server. @default 10 */
  maxConnections?: number
  /** Prepares statements on a server; switch it off behind a pooler that shares connections per transaction. @default true */
  prepare?: boolean
  /** How long to wait for a connection to a server, ms. @default 10 000 */
  connectTimeoutMs?: number
  /** Hears of idle connections that a server closed; the next statement opens a new one. */
  onIdleError?: (error: unknown) => void
}

const int8Oid = 20

/**
 * Opens a PostgreSQL database: embedded in this process, or on a server.
 * @param uri - `memory://` (gone with the process), `file:./folder` (kept in a folder) or `postgres://user@host/name`
 * @throws {ParleyError} `config_invalid` for another kind of address, `store_unavailable` when it cannot be opened
 */
export async function openDatabase(uri: string, options: OpenDatabaseOptions = {}): Promise<SqlDatabase> {
  if (/^postgres(ql)?:\/\//.test(uri)) return openServer(uri, options)
  if (uri === 'memory://') return openEmbedded(undefined)
  if (uri.startsWith('file:') && uri.length > 'file:'.length)
    return openEmbedded(uri.replace(/^file:(\/\/(?=\/))?/, ''))
  throw new ParleyError({
    code: 'config_invalid',
    message: 'The database address is of no known kind. Use memory://, file:./folder or postgres://user@host/name.',
    details: { expected: ['memory://', 'file:./folder', 'postgres://user@host/name'] },
  })
}

async function openEmbedded(folder: string | undefined): Promise<SqlDatabase> {
  // Loaded only when needed: a server database does without 20 MB of WebAssembly.
  const { PGlite } = await import('@electric-sql/pglite')
  const { vector } = await import('@electric-sql/pglite-pgvector')
  const lock = folder === undefined ? undefined : await lockFolder(folder)
  try {
    const pglite = await PGlite.create({
      ...(folder === undefined ? {} : { dataDir: folder }),
      extensions: { vector },
      parsers: { [int8Oid]: parseInt8 },
    })
    return createPgliteDatabase(pglite, () => lock?.release() ?? Promise.resolve())
  } catch (error) {
    await lock?.release()
    throw unopened(error)
  }
}

async function openServer(uri: string, options: OpenDatabaseOptions): Promise<SqlDatabase> {
  const { default: pg } = await import('pg')
  const { maxConnections = 10, prepare = true, connectTimeoutMs = 10_000, onIdleError } = options
  const types = new pg.TypeOverrides()
  types.setTypeParser(int8Oid, parseInt8)
  const pool = new pg.Pool({
    connectionString: uri,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    types,
  })
  // Without listeners a connection that a server ends would end the process. An idle one the pool has dropped already;
  // one at work fails its statement, which tells the caller.
  pool.on('error', (error) => onIdleError?.(error))
  pool.on('connect', (client) => client.on('error', () => {}))
  const database = createPoolDatabase(pool, { prepare })
  try {
    await database.query('SELECT 1')
  } catch (error) {
    await database.close()
    throw ParleyError.isInstance(error) ? error : unopened(error)
  }
  return database
}

function unopened(cause: unknown): ParleyError {
  return new ParleyError({
    code: 'store_unavailable',
    message:
      'The database could not be opened. Check its address, its rights and that no other process holds its folder.',
    cause,
  })
}
