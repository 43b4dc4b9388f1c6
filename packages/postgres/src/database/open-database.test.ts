import type { SqlDatabase } from '@parley/spec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createTestDatabase, isServerRequired, testServerUrl } from '../store/__fixtures__/test-server.ts'
import { migrate } from './migrate.ts'
import { openDatabase } from './open-database.ts'

/** The contract of `SqlDatabase` as both kinds keep it. */
function databaseTests(name: string, open: () => Promise<{ database: SqlDatabase; close: () => Promise<void> }>): void {
  describe(name, () => {
    let database: SqlDatabase
    let close: () => Promise<void>
    beforeAll(async () => {
      const opened = await open()
      database = opened.database
      close = opened.close
      await database.query('CREATE TABLE IF NOT EXISTS amounts (id integer PRIMARY KEY, amount bigint NOT NULL)')
    }, 30_000)
    afterAll(() => close())

    test('PO-12 values are bound, whatever they hold', async () => {
      const text = `'; DROP TABLE amounts; -- "quoted" \\ and \u00e9`
      const { rows } = await database.query<{ text: string; list: string[]; doc: unknown }>(
        'SELECT $1::text AS text, $2::text[] AS list, $3::jsonb AS doc',
        [text, [text, 'b'], JSON.stringify({ text })],
      )
      expect(rows).toEqual([{ text, list: [text, 'b'], doc: { text } }])
    })

    test('PO-12 an int8 is a number when that is safe, else an error', async () => {
      const { rows } = await database.query<{ n: number }>('SELECT 9007199254740991::bigint AS n')
      expect(rows[0]?.n).toBe(9_007_199_254_740_991)
      await expect(database.query('SELECT 9007199254740992::bigint AS n')).rejects.toMatchObject({
        code: 'internal_error',
      })
      expect((await database.query<{ n: number }>('SELECT count(*) AS n FROM amounts')).rows[0]?.n).toBeTypeOf('number')
    })

    test('rowCount counts the rows that a statement changed or gave', async () => {
      expect((await database.query('INSERT INTO amounts VALUES (1, 1), (2, 2)')).rowCount).toBe(2)
      expect((await database.query('UPDATE amounts SET amount = 3 WHERE id < 3')).rowCount).toBe(2)
      expect((await database.query('SELECT 1 FROM amounts WHERE id < 3')).rowCount).toBe(2)
      expect((await database.query('DELETE FROM amounts WHERE id < 3')).rowCount).toBe(2)
      expect((await database.query('DELETE FROM amounts WHERE id < 3')).rowCount).toBe(0)
    })

    test('a transaction is all or nothing, one within it can fail alone', async () => {
      const failure = new Error('changed my mind')
      await expect(
        database.transaction(async (tx) => {
          await tx.query('INSERT INTO amounts VALUES (10, 1)')
          throw failure
        }),
      ).rejects.toBe(failure)
      await database.transaction(async (tx) => {
        await tx.query('INSERT INTO amounts VALUES (11, 1)')
        const inner = tx.transaction(async (nested) => {
          await nested.query('INSERT INTO amounts VALUES (12, 1)')
          throw failure
        })
        await expect(inner).rejects.toBe(failure)
      })
      const { rows } = await database.query<{ id: number }>('SELECT id FROM amounts WHERE id >= 10')
      expect(rows).toEqual([{ id: 11 }])
    })

    test('PO-12 serialization failures are retried up to 3 times, other failures are not', async () => {
      const failWith = async (code: string, times: number): Promise<number> => {
        let runs = 0
        await database.transaction(
          async (tx) => {
            runs += 1
            await tx.query('SELECT 1')
            if (runs <= times) throw Object.assign(new Error('injected'), { code })
          },
          { isolation: 'serializable' },
        )
        return runs
      }
      expect(await failWith('40001', 3)).toBe(4)
      expect(await failWith('40P01', 1)).toBe(2)
      await expect(failWith('40001', 4)).rejects.toThrow('injected')
      await expect(failWith('23505', 1)).rejects.toThrow('injected')
    })

    test('ST-3 migrations of an area run once, in order, and any number of processes may start at once', async () => {
      const steps = [
        { name: '1', statements: ['CREATE TABLE parley.steps (n integer)', 'INSERT INTO parley.steps VALUES (1)'] },
        { name: '2', statements: ['INSERT INTO parley.steps VALUES (2)'] },
      ]
      await Promise.all([migrate(database, 'test', steps.slice(0, 1)), migrate(database, 'test', steps.slice(0, 1))])
      await Promise.all([migrate(database, 'test', steps), migrate(database, 'test', steps)])
      const { rows } = await database.query<{ n: number }>('SELECT n FROM parley.steps ORDER BY n')
      expect(rows).toEqual([{ n: 1 }, { n: 2 }])
    })

    test('ST-3 a migration that fails leaves nothing of itself', async () => {
      const broken = [
        { name: '1', statements: ['CREATE TABLE parley.half (n integer)', 'SELECT * FROM parley.nowhere'] },
      ]
      await expect(migrate(database, 'broken', broken)).rejects.toThrow()
      const { rows } = await database.query("SELECT to_regclass('parley.half')::text AS found")
      expect(rows).toEqual([{ found: null }])
    })
  })
}

databaseTests('openDatabase: memory', async () => {
  const database = await openDatabase('memory://')
  return { database, close: () => database.close() }
})

if (testServerUrl === undefined) {
  test.skipIf(!isServerRequired)('PARLEY_TEST_POSTGRES_URL is not set: databases are not tested on a server', () => {
    expect(testServerUrl, 'a PostgreSQL server is needed here: set PARLEY_TEST_POSTGRES_URL').toBeDefined()
  })
} else {
  const serverUrl = testServerUrl
  databaseTests('openDatabase: server', async () => {
    const { url, drop } = await createTestDatabase(serverUrl, 'database')
    const database = await openDatabase(url)
    return {
      database,
      async close() {
        await database.close()
        await drop()
      },
    }
  })

  test('PO-12 a connection that the server ends is store_unavailable, the next statement gets a new one', async () => {
    const idle: unknown[] = []
    const database = await openDatabase(serverUrl, { maxConnections: 1, onIdleError: (error) => idle.push(error) })
    const ended = database.query('SELECT pg_terminate_backend(pg_backend_pid())')
    await expect(ended).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
    await expect(
      database.transaction(async (tx) => {
        await tx.query('SELECT pg_terminate_backend(pg_backend_pid())')
      }),
    ).rejects.toMatchObject({ code: 'store_unavailable' })
    expect((await database.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await database.close()
    await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'store_unavailable' })
  })

  test('PO-12 transactions that get in each other`s way are put in order', async () => {
    const { url, drop } = await createTestDatabase(serverUrl, 'serial')
    const database = await openDatabase(url)
    await database.query('CREATE TABLE counter (n integer NOT NULL)')
    await database.query('INSERT INTO counter VALUES (0)')
    const raise = () =>
      database.transaction(
        async (tx) => {
          const { rows } = await tx.query<{ n: number }>('SELECT n FROM counter')
          await tx.query('UPDATE counter SET n = $1', [(rows[0]?.n ?? 0) + 1])
        },
        { isolation: 'serializable' },
      )
    await Promise.all([raise(), raise(), raise()])
    expect((await database.query('SELECT n FROM counter')).rows).toEqual([{ n: 3 }])
    await database.close()
    await drop()
  })
}

test('an address of another kind is refused with what is possible', async () => {
  await expect(openDatabase('mysql://localhost/x')).rejects.toMatchObject({ code: 'config_invalid' })
})

test('PO-12 a server that cannot be reached is store_unavailable, without its address in the text', async () => {
  const error: unknown = await openDatabase('postgres://someone:secret@127.0.0.1:1/none').catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'store_unavailable', retryable: true })
  expect(JSON.stringify(error)).not.toContain('secret')
})
