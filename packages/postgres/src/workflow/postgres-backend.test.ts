import type { DurableBackend, IdSource, Lease, RunRecord, SqlDatabase, WorkflowDefinition } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import type { VirtualClock } from '@parley/testing'
import { durableBackendSuite } from '@parley/testing/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { toDatabaseError } from '../database/database-errors.ts'
import { openDatabase } from '../database/open-database.ts'
import { breakableDatabase } from '../store/__fixtures__/breakable-database.ts'
import { emptyRunTables } from './__fixtures__/empty-run-tables.ts'
import { postgresBackend } from './postgres-backend.ts'
import type { PostgresBackendOptions } from './postgres-backend.ts'

let database: SqlDatabase

beforeAll(async () => {
  database = await openDatabase('memory://')
}, 30_000)
afterAll(() => database.close())

durableBackendSuite('postgres on PGlite', {
  async open({ clock, ids }) {
    await emptyRunTables(database)
    return postgresBackend({ database, clock, ids })
  },
  openAgain: async ({ clock, ids }) => postgresBackend({ database, clock, ids }),
  async openBreakable({ clock, ids }) {
    await emptyRunTables(database)
    const { database: breakable, breakNext } = breakableDatabase(database)
    return { backend: postgresBackend({ database: breakable, clock, ids }), breakNext }
  },
})

describe('beyond the suite', () => {
  async function setup(options: Partial<PostgresBackendOptions> = {}): Promise<Setup> {
    await emptyRunTables(database)
    const clock = createVirtualClock()
    const ids = createSeededIds(77)
    return { clock, ids, backend: postgresBackend({ database, clock, ids, ...options }) }
  }
  const count = async (table: string): Promise<number> => {
    const { rows } = await database.query<{ n: number }>(`SELECT count(*)::integer AS n FROM parley.${table}`)
    return rows[0]?.n ?? -1
  }

  test('W-22 a value above 256 KiB is a blob, kept once per tenant and gone with its last run', async () => {
    const at = await setup()
    const { backend, clock } = at
    const inline = 'x'.repeat(262_144 - 2)
    const large = `${inline}x`
    const first = await start(at)
    await backend.commit(first.lease, { events: [], state: { set: { inline, large } } })
    const { rows } = await database.query<{ key: string; is_blob: boolean }>(
      'SELECT key, value_blob IS NOT NULL AS is_blob FROM parley.state_snapshots ORDER BY key',
    )
    expect(rows).toEqual([
      { key: 'inline', is_blob: false },
      { key: 'large', is_blob: true },
    ])
    // Half as many characters, of three bytes each.
    await backend.commit(first.lease, { events: [], state: { set: { wide: '€'.repeat(131_072) } } })
    expect(await count('blobs')).toBe(2)
    const second = await start(at)
    await backend.commit(second.lease, { events: [], run: { output: large, outputs: { large } } })
    expect(await count('blobs')).toBe(3)
    const foreign = await start(at, { tenantId: 'other' })
    await backend.commit(foreign.lease, { events: [], state: { set: { large } } })
    expect(await count('blobs')).toBe(4)
    await backend.commit(first.lease, { events: [], run: { status: 'failed' } })
    await clock.advance(1)
    expect(await backend.purge(new Date(clock.now()).toISOString())).toBe(1)
    expect(await count('blobs')).toBe(3)
    expect((await backend.read(second.run.id)).run.output).toBe(large)
    await backend.commit(second.lease, { events: [], run: { status: 'failed' } })
    await backend.commit(foreign.lease, { events: [], run: { status: 'failed' } })
    await clock.advance(1)
    expect(await backend.purge(new Date(clock.now()).toISOString())).toBe(2)
    const left = ['runs', 'run_heads', 'state_snapshots', 'blobs', 'blob_uses'].map(count)
    expect(await Promise.all(left)).toEqual([0, 0, 0, 0, 0])
  })

  test('13.1 every row says whose it is', async () => {
    const at = await setup()
    const { run, lease } = await start(at, { tenantId: 'other' })
    await at.backend.commit(lease, {
      events: [{ type: 'step_completed', data: {} }],
      stepRuns: [
        {
          runId: run.id,
          stepKey: 'a@1',
          step: 'a',
          status: 'completed',
          seq: 1,
          output: 'x'.repeat(300_000),
          attempts: 1,
          costNanoUsd: null,
          receiptIds: [],
        },
      ],
      state: { set: { a: 1 } },
    })
    await at.backend.signal(run.id, 'go', 1)
    for (const table of [
      'runs',
      'run_heads',
      'run_events',
      'step_runs',
      'state_snapshots',
      'signals',
      'blobs',
      'blob_uses',
      'definitions',
    ]) {
      const { rows } = await database.query(`SELECT DISTINCT tenant_id FROM parley.${table}`)
      expect(rows, table).toEqual([{ tenant_id: 'other' }])
    }
  })

  test('13.2 what an executor of the same name held is free as soon as it starts again', async () => {
    const at = await setup()
    const named = await start(at)
    const other = await start(at, {}, 'b')
    const { clock, ids } = at
    const restarted = postgresBackend({ database, clock, ids, executorId: 'a' })
    expect(await restarted.orphans()).toEqual([named.run.id])
    await expect(at.backend.commit(named.lease, { events: [] })).rejects.toMatchObject({ code: 'lease_lost' })
    await at.backend.commit(other.lease, { events: [] })
    const anonymous = postgresBackend({ database, clock, ids })
    expect(await anonymous.orphans()).toEqual([named.run.id])
  })

  test('13.2 when nobody can say what became of a commit, the lease is given up and nothing is written twice', async () => {
    await emptyRunTables(database)
    const clock = createVirtualClock()
    const ids = createSeededIds(78)
    let failing = 0
    const lost = async (): Promise<never> => {
      throw Object.assign(new Error('connection terminated'), { code: '08006' })
    }
    const unreachable: SqlDatabase = {
      ...database,
      async query<Row>(text: string, values?: readonly unknown[]) {
        if (failing === 0) return database.query<Row>(text, values)
        failing -= 1
        // The first one arrives, and only its answer is lost.
        if (failing === 4) await database.query(text, values)
        return lost().catch((error: unknown) => Promise.reject(toDatabaseError(error)))
      },
    }
    const backend = postgresBackend({ database: unreachable, clock, ids })
    const { run, lease } = await start({ backend, clock, ids })
    failing = 5
    const outcomes = Promise.allSettled([backend.commit(lease, { events: [{ type: 'step_completed', data: {} }] })])
    await clock.runToRest()
    expect(await outcomes).toMatchObject([{ reason: { code: 'store_unavailable', retryable: true } }])
    const again = { events: [{ type: 'step_completed' as const, data: {} }] }
    await expect(backend.commit(lease, again)).rejects.toMatchObject({ code: 'lease_lost' })
    await expect(backend.commit(lease, again)).rejects.toMatchObject({ code: 'lease_lost' })
    const later = await backend.claim(run.id, 'a')
    if (later === null) throw new Error('the run could not be claimed again')
    expect((await backend.load(later)).lastSeq).toBe(1)
    expect(await backend.commit(later, again)).toEqual({ seq: 2 })
  })

  test('13.2 a key with NUL is refused, and says so', async () => {
    const at = await setup()
    const { lease } = await start(at)
    const batch = { events: [], state: { set: { 'a\u0000b': 1 } } }
    await expect(at.backend.commit(lease, batch)).rejects.toMatchObject({ code: 'invalid_options' })
    expect(await at.backend.commit(lease, { events: [] })).toEqual({ seq: 0 })
  })

  test('12.2 what another process wrote is heard within a second', async () => {
    const at = await setup()
    const { backend, clock, ids } = at
    const { run, lease } = await start(at)
    await backend.commit(lease, { events: [{ type: 'run_started', data: {} }] })
    const other = postgresBackend({ database, clock, ids })
    const feed = other.subscribe(run.id, 0, new AbortController().signal)[Symbol.asyncIterator]()
    expect((await feed.next()).value).toMatchObject({ seq: 1 })
    let heard: number | undefined
    const next = feed.next().then(({ value }) => (heard = value?.seq))
    // Reaches the point where it waits.
    await other.get(run.id)
    await backend.commit(lease, { events: [{ type: 'run_completed', data: {} }] })
    await clock.advance(999)
    await other.get(run.id)
    expect(heard).toBeUndefined()
    await clock.advance(1)
    await next
    expect(heard).toBe(2)
    expect((await feed.next()).done).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('13.2 the schema is brought up to date once, however many start at once', async () => {
    const { clock, ids } = await setup()
    const starting = Array.from({ length: 3 }, () => postgresBackend({ database, clock, ids }).get('run_unknown'))
    expect(await Promise.all(starting)).toEqual([undefined, undefined, undefined])
    const { rows } = await database.query<{ name: string }>(
      "SELECT name FROM parley.migrations WHERE area = 'workflows'",
    )
    expect(rows).toEqual([{ name: '0001_runs' }])
  })
})

type Setup = { backend: DurableBackend; clock: VirtualClock; ids: IdSource }

async function start(
  { backend, clock, ids }: Setup,
  fields: Partial<RunRecord> = {},
  executorId = 'a',
): Promise<{ run: RunRecord; lease: Lease }> {
  const at = new Date(clock.now()).toISOString()
  const definition: WorkflowDefinition = {
    name: 'report',
    version: '1',
    hash: 'h',
    root: { kind: 'dag', steps: [], maxConcurrency: 32 },
    defaults: { tier: 'balanced' },
    templates: {},
    servers: { rest: [], mcp: [] },
    functions: {},
    limits: { maxConcurrency: 32, maxModelCalls: 50, maxVisits: 1_000 },
    compat: {},
    sensitiveKeys: [],
    metadata: {},
  }
  const planned: RunRecord = {
    id: ids.next('run'),
    tenantId: 'acme',
    taskId: 'task_1',
    status: 'running',
    workflow: 'report',
    definitionHash: 'h',
    input: null,
    planVersion: 1,
    createdAt: at,
    updatedAt: at,
    ...fields,
  }
  const { run } = await backend.createRun(planned, definition)
  const lease = await backend.claim(run.id, executorId)
  if (lease === null) throw new Error('the run could not be claimed')
  return { run, lease }
}
