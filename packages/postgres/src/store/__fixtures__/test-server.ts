import type { SqlDatabase } from '@parley/spec'

import { openDatabase } from '../../database/open-database.ts'

/** The server to test against, from `PARLEY_TEST_POSTGRES_URL`; its user may create databases. */
export const testServerUrl: string | undefined = process.env['PARLEY_TEST_POSTGRES_URL']

/** Whether a missing server is a failure rather than a reason to skip. */
export const isServerRequired: boolean = process.env['CI'] === 'true'

/** A database of its own on the test server. */
export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** Creates an empty database for one test file. */
export async function createTestDatabase(serverUrl: string, label: string): Promise<TestDatabase> {
  const name = `parley_test_${label}_${process.pid}`
  const admin: SqlDatabase = await openDatabase(serverUrl, { maxConnections: 1 })
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  await admin.query(`CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    async drop() {
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await admin.close()
    },
  }
}
