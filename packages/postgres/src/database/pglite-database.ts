import type { PGlite, Transaction } from '@electric-sql/pglite'
import type { SqlDatabase } from '@parley/spec'

import { toDatabaseError } from './database-errors.ts'
import { retrySerialization, toBegin } from './transactions.ts'

/** The embedded database behind the port. It has one connection: statements and transactions take turns. */
export function createPgliteDatabase(
  pglite: PGlite,
  onClosed: () => Promise<void> = () => Promise.resolve(),
): SqlDatabase {
  let closing: Promise<void> | undefined
  return {
    kind: 'pglite',
    query: (text, values) => runQuery(pglite, text, values),
    transaction: (run, { isolation } = {}) =>
      retrySerialization(() =>
        pglite
          .transaction(async (transaction) => {
            if (isolation !== undefined)
              await transaction.query(`SET TRANSACTION ISOLATION LEVEL ${toBegin(isolation)}`)
            return run(inTransaction(transaction, 0))
          })
          .catch((error: unknown) => {
            throw toDatabaseError(error)
          }),
      ),
    close() {
      closing ??= pglite.close().finally(onClosed)
      return closing
    },
  }
}

/** A transaction as a database; a transaction within it is a savepoint. */
function inTransaction(transaction: Transaction, depth: number): SqlDatabase {
  return {
    kind: 'pglite',
    query: (text, values) => runQuery(transaction, text, values),
    async transaction(run) {
      const savepoint = `parley_${depth}`
      await transaction.query(`SAVEPOINT ${savepoint}`)
      try {
        const result = await run(inTransaction(transaction, depth + 1))
        await transaction.query(`RELEASE SAVEPOINT ${savepoint}`)
        return result
      } catch (error) {
        await transaction.query(`ROLLBACK TO SAVEPOINT ${savepoint}`)
        throw error
      }
    },
    close: () => Promise.resolve(),
  }
}

async function runQuery<Row>(
  connection: Pick<PGlite | Transaction, 'query'>,
  text: string,
  values: readonly unknown[] = [],
): Promise<{ rows: Row[]; rowCount: number }> {
  try {
    const { rows, affectedRows } = await connection.query<Row>(text, [...values])
    return { rows, rowCount: affectedRows !== undefined && affectedRows > 0 ? affectedRows : rows.length }
  } catch (error) {
    throw toDatabaseError(error)
  }
}
