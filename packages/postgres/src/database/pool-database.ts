import type { SqlDatabase } from '@parley/spec'
import type { Pool, PoolClient } from 'pg'

import { isConnectionLost, toDatabaseError } from './database-errors.ts'
import { retrySerialization, toBegin } from './transactions.ts'
import type { Isolation } from './transactions.ts'

/** A server's database behind the port. Statements are prepared once per connection. */
export function createPoolDatabase(pool: Pool, { prepare }: { prepare: boolean }): SqlDatabase {
  const nameOf = createStatementNames(prepare)
  let closing: Promise<void> | undefined
  return {
    kind: 'postgres',
    query: (text, values) => runQuery(pool, nameOf, text, values),
    transaction: (run, { isolation = 'readCommitted' } = {}) =>
      retrySerialization(() => runTransaction(pool, nameOf, isolation, run)),
    close() {
      closing ??= pool.end()
      return closing
    },
  }
}

type NameOf = (text: string) => string | undefined

const maxPrepared = 256

/** Names for statements to prepare; the first texts get one, so text made on the fly cannot fill the server's memory. */
function createStatementNames(prepare: boolean): NameOf {
  const names = new Map<string, string>()
  return (text) => {
    const known = names.get(text)
    if (known !== undefined || !prepare || names.size >= maxPrepared) return known
    const name = `parley_${names.size}`
    names.set(text, name)
    return name
  }
}

async function runQuery<Row>(
  connection: Pick<Pool | PoolClient, 'query'>,
  nameOf: NameOf,
  text: string,
  values: readonly unknown[] = [],
): Promise<{ rows: Row[]; rowCount: number }> {
  const name = nameOf(text)
  try {
    const result = await connection.query({ text, values: [...values], ...(name === undefined ? {} : { name }) })
    return { rows: result.rows, rowCount: result.rowCount ?? result.rows.length }
  } catch (error) {
    throw toDatabaseError(error)
  }
}

async function runTransaction<T>(
  pool: Pool,
  nameOf: NameOf,
  isolation: Isolation,
  run: (tx: SqlDatabase) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw toDatabaseError(error)
  })
  let lost: Error | undefined
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${toBegin(isolation)}`)
    const result = await run(inTransaction(client, nameOf, 0))
    await client.query('COMMIT')
    return result
  } catch (error) {
    lost = await rollBack(client, error)
    throw toDatabaseError(error)
  } finally {
    client.release(lost)
  }
}

/** Ends a failed transaction; gives the error that makes the connection useless, if it is. */
async function rollBack(client: PoolClient, error: unknown): Promise<Error | undefined> {
  if (isConnectionLost(error)) return error instanceof Error ? error : new Error('connection lost')
  try {
    await client.query('ROLLBACK')
    return undefined
  } catch (rollbackError) {
    return rollbackError instanceof Error ? rollbackError : new Error('rollback failed')
  }
}

/** A transaction as a database; a transaction within it is a savepoint. */
function inTransaction(client: PoolClient, nameOf: NameOf, depth: number): SqlDatabase {
  return {
    kind: 'postgres',
    query: (text, values) => runQuery(client, nameOf, text, values),
    async transaction(run) {
      const savepoint = `parley_${depth}`
      await client.query(`SAVEPOINT ${savepoint}`)
      try {
        const result = await run(inTransaction(client, nameOf, depth + 1))
        await client.query(`RELEASE SAVEPOINT ${savepoint}`)
        return result
      } catch (error) {
        await client.query(`ROLLBACK TO SAVEPOINT ${savepoint}`)
        throw error
      }
    },
    close: () => Promise.resolve(),
  }
}
