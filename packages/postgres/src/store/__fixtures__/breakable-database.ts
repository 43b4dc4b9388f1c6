import type { SqlDatabase } from '@parley/spec'

import { storeUnavailable } from '../../database/database-errors.ts'

/** A database whose next statement fails where a test wants it to, as a lost connection or a killed process would. */
export interface BreakableDatabase {
  database: SqlDatabase
  breakNext(when: 'before' | 'inside' | 'after'): void
}

/** Wraps a database; only statements outside transactions break. */
export function breakableDatabase(inner: SqlDatabase): BreakableDatabase {
  let next: 'before' | 'inside' | 'after' | undefined
  const lost = (): Error => storeUnavailable(new Error('connection terminated'))
  const database: SqlDatabase = {
    kind: inner.kind,
    async query(text, values) {
      const when = next
      next = undefined
      if (when === undefined) return inner.query(text, values)
      if (when === 'before') throw lost()
      if (when === 'after') {
        await inner.query(text, values)
        throw lost()
      }
      return inner.transaction(async (tx) => {
        await tx.query(text, values)
        throw lost()
      })
    },
    transaction: (run, options) => inner.transaction(run, options),
    close: () => inner.close(),
  }
  return {
    database,
    breakNext: (when) => {
      next = when
    },
  }
}

/** Empties the tables of the conversation store, so that one database serves many tests. */
export async function emptyTables(database: SqlDatabase): Promise<void> {
  const { rows } = await database.query<{ found: string | null }>("SELECT to_regclass('parley.rooms')::text AS found")
  if (typeof rows[0]?.found !== 'string') return
  await database.query('TRUNCATE parley.rooms, parley.room_counters, parley.events, parley.records, parley.identity_addresses')
}
