import type { SqlDatabase } from '@parley/spec'

import { isSerializationFailure } from './database-errors.ts'

/** The isolation levels of a transaction. */
export type Isolation = NonNullable<NonNullable<Parameters<SqlDatabase['transaction']>[1]>['isolation']>

const levels: Record<Isolation, string> = {
  readCommitted: 'READ COMMITTED',
  repeatableRead: 'REPEATABLE READ',
  serializable: 'SERIALIZABLE',
}

/** The SQL name of an isolation level. */
export function toBegin(isolation: Isolation): string {
  return levels[isolation]
}

const maxRetries = 3

/** Runs a transaction, and again up to 3 times when others made it impossible to put it in order. */
export async function retrySerialization<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt >= maxRetries || !isSerializationFailure(error)) throw error
    }
  }
}
