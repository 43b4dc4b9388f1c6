import type { SqlDatabase } from '@parley/spec'
import { conversationStoreSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openDatabase } from '../database/open-database.ts'
import { breakableDatabase, emptyTables } from './__fixtures__/breakable-database.ts'
import { createTestDatabase, isServerRequired, testServerUrl } from './__fixtures__/test-server.ts'
import type { TestDatabase } from './__fixtures__/test-server.ts'
import { createPostgresStore } from './postgres-store.ts'

if (testServerUrl === undefined) {
  test.skipIf(!isServerRequired)('PARLEY_TEST_POSTGRES_URL is not set: the store is not tested on a server', () => {
    expect(testServerUrl, 'a PostgreSQL server is needed here: set PARLEY_TEST_POSTGRES_URL').toBeDefined()
  })
} else {
  const serverUrl = testServerUrl
  let testDatabase: TestDatabase
  let database: SqlDatabase
  let otherProcess: SqlDatabase

  beforeAll(async () => {
    testDatabase = await createTestDatabase(serverUrl, 'store')
    database = await openDatabase(testDatabase.url)
    otherProcess = await openDatabase(testDatabase.url, { maxConnections: 4 })
  }, 30_000)
  afterAll(async () => {
    await Promise.all([database.close(), otherProcess.close()])
    await testDatabase.drop()
  })

  conversationStoreSuite('postgres on a server', {
    async open({ clock }) {
      await emptyTables(database)
      return createPostgresStore({ database, clock })
    },
    openAgain: async ({ clock }) => createPostgresStore({ database: otherProcess, clock }),
    async openBreakable({ clock }) {
      await emptyTables(database)
      const { database: breakable, breakNext } = breakableDatabase(database)
      return { store: createPostgresStore({ database: breakable, clock }), breakNext }
    },
  })
}
