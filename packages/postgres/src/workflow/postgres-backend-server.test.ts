import type { SqlDatabase } from '@parley/spec'
import { durableBackendSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openDatabase } from '../database/open-database.ts'
import { breakableDatabase } from '../store/__fixtures__/breakable-database.ts'
import { createTestDatabase, isServerRequired, testServerUrl } from '../store/__fixtures__/test-server.ts'
import type { TestDatabase } from '../store/__fixtures__/test-server.ts'
import { emptyRunTables } from './__fixtures__/empty-run-tables.ts'
import { postgresBackend } from './postgres-backend.ts'

if (testServerUrl === undefined) {
  test.skipIf(!isServerRequired)('PARLEY_TEST_POSTGRES_URL is not set: runs are not tested on a server', () => {
    expect(testServerUrl, 'a PostgreSQL server is needed here: set PARLEY_TEST_POSTGRES_URL').toBeDefined()
  })
} else {
  const serverUrl = testServerUrl
  let testDatabase: TestDatabase
  let database: SqlDatabase
  let otherProcess: SqlDatabase

  beforeAll(async () => {
    testDatabase = await createTestDatabase(serverUrl, 'runs')
    database = await openDatabase(testDatabase.url)
    otherProcess = await openDatabase(testDatabase.url, { maxConnections: 4 })
  }, 30_000)
  afterAll(async () => {
    await Promise.all([database.close(), otherProcess.close()])
    await testDatabase.drop()
  })

  durableBackendSuite('postgres on a server', {
    async open({ clock, ids }) {
      await emptyRunTables(database)
      return postgresBackend({ database, clock, ids })
    },
    openAgain: async ({ clock, ids }) => postgresBackend({ database: otherProcess, clock, ids }),
    async openBreakable({ clock, ids }) {
      await emptyRunTables(database)
      const { database: breakable, breakNext } = breakableDatabase(database)
      return { backend: postgresBackend({ database: breakable, clock, ids }), breakNext }
    },
  })
}
