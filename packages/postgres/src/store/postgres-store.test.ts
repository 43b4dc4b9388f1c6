import type { SqlDatabase } from '@parley/spec'
import { conversationStoreSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll } from 'vitest'

import { openDatabase } from '../database/open-database.ts'
import { breakableDatabase, emptyTables } from './__fixtures__/breakable-database.ts'
import { createPostgresStore } from './postgres-store.ts'

let database: SqlDatabase

beforeAll(async () => {
  database = await openDatabase('memory://')
}, 30_000)
afterAll(() => database.close())

conversationStoreSuite('postgres on PGlite', {
  async open({ clock }) {
    await emptyTables(database)
    return createPostgresStore({ database, clock })
  },
  openAgain: async ({ clock }) => createPostgresStore({ database, clock }),
  async openBreakable({ clock }) {
    await emptyTables(database)
    const { database: breakable, breakNext } = breakableDatabase(database)
    return { store: createPostgresStore({ database: breakable, clock }), breakNext }
  },
})
