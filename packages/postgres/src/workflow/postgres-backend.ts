import { createSystemClock, createSystemIds, durableLimits, ParleyError, runUnknown } from '@parley/spec'
import type { Clock, DurableBackend, IdSource, ModelReceipt, SqlDatabase, WorkflowDefinition } from '@parley/spec'

import { migrate } from '../database/migrate.ts'
import { guarded } from './backend-errors.ts'
import { commitRun } from './commit-run.ts'
import type { Committed } from './commit-run.ts'
import { createRun, getRun } from './create-run.ts'
import { followRun, toRunEvent } from './follow-run.ts'
import { listRuns } from './list-runs.ts'
import { readJournal } from './read-journal.ts'
import { toInstant } from './run-record.ts'
import type { RunDoc } from './run-record.ts'
import { runInLane, RunLanes } from './run-lanes.ts'
import { RunSubscribers } from './run-subscribers.ts'
import { workflowMigrations } from './schema.ts'
import { addSignal, findWait, resolveWait, takeSignal } from './wait-queries.ts'

/** Options of `postgresBackend`. */
export interface PostgresBackendOptions {
  /** Where runs are kept, in the schema `parley`. It stays the caller's to close. */
  database: SqlDatabase
  /** Stamps events and decides when leases end: the database's own clock is never asked. @default the system clock */
  clock?: Clock
  /** Names signals and commits. @default the system's ids */
  ids?: IdSource
  /**
   * The executor of this process, when its name stays the same from start to start. What it held when it ended is free at
   * once; without a name it is free when the leases have run out.
   */
  executorId?: string
  /** How long a lease lives without a sign of its executor, ms. @default 30 000 */
  leaseMs?: number
  /** How long a subscriber without news waits before it looks for what other processes wrote, ms. @default 1 000 */
  pollMs?: number
}

/**
 * Keeps runs on PostgreSQL, embedded or on a server. The schema is brought up to date at the first use. A commit is one
 * statement, fenced by the epoch of its lease.
 * @throws {ParleyError} from every call: `store_unavailable` (retryable) when the database cannot be reached
 */
export function postgresBackend({
  database,
  clock = createSystemClock(),
  ids = createSystemIds(),
  executorId: ownId,
  leaseMs = durableLimits.leaseMs,
  pollMs = 1_000,
}: PostgresBackendOptions): DurableBackend {
  const ready = onceReady(database, ownId)
  const lanes = new RunLanes()
  const subscribers = new RunSubscribers()
  const stored = new WeakSet<WorkflowDefinition>()
  const processToken = ids.uuid()
  let commits = 0
  const nextToken = (): string => `${processToken}:${(commits += 1)}`
  /** Runs a query on the migrated database. */
  const using = <T>(run: (ready: SqlDatabase) => Promise<T>): Promise<T> => guarded(async () => run(await ready()))

  return {
    kind: 'postgres',
    multiWorker: false,
    createRun: (record, definition, { idempotencyKey = record.idempotencyKey } = {}) =>
      using(async (db) => {
        const run = idempotencyKey === undefined ? record : { ...record, idempotencyKey }
        const made = await createRun(db, run, stored.has(definition) ? undefined : definition)
        if (made.created) stored.add(definition)
        return made
      }),
    claim: (runId, executorId) =>
      using(async (db) => {
        const nowMs = clock.now()
        const { rows } = await db.query<{ outcome: string; epoch: number; doc: RunDoc }>(
          'SELECT outcome, epoch, doc FROM parley.claim_run($1, $2, $3::bigint, $4::bigint)',
          [runId, executorId, nowMs, nowMs + leaseMs],
        )
        const [row] = rows
        if (row === undefined || row.outcome === 'missing') throw runUnknown(runId)
        if (row.outcome !== 'claimed') return null
        lanes.open(runId, row.epoch, row.doc)
        return { runId, executorId, epoch: row.epoch, expiresAt: toInstant(nowMs + leaseMs) }
      }),
    heartbeat: (executorId) =>
      using(async (db) => {
        const nowMs = clock.now()
        await db.query(
          `INSERT INTO parley.executors (executor_id, started_at, heartbeat_at, expires_at) VALUES ($1, $2::bigint, $2::bigint, $3::bigint)
            ON CONFLICT (executor_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at`,
          [executorId, nowMs, nowMs + leaseMs],
        )
        return toInstant(nowMs + leaseMs)
      }),
    release: (lease) =>
      using(async (db) => {
        await runInLane(lanes.of(lease), () =>
          db.query(
            'UPDATE parley.run_heads SET epoch = epoch + 1, executor_id = NULL WHERE run_id = $1 AND epoch = $2::integer',
            [lease.runId, lease.epoch],
          ),
        )
        lanes.close(lease.runId, lease.epoch)
      }),
    load: (lease) => using((db) => readJournal(db, lease, clock.now())),
    read: (runId) => using((db) => readJournal(db, { runId }, clock.now())),
    commit: (lease, batch) =>
      using(async (db) => {
        const lane = lanes.of(lease)
        try {
          const { seq, isEnd } = await runInLane(lane, async () => {
            const committed = await commitRun({ database: db, clock, leaseMs, nextToken }, lane, lease, batch)
            publish(lease.runId, committed)
            return committed
          })
          if (isEnd) lanes.close(lease.runId, lease.epoch)
          return { seq }
        } catch (error) {
          if (isLeaseLost(error) && !lane.isBroken) lanes.close(lease.runId, lease.epoch)
          throw error
        }
      }),
    resolveWait: (waitId, resolution) => using((db) => resolveWait(db, waitId, resolution)),
    findWait: (by) => using((db) => findWait(db, by)),
    signal: (runId, name, data) =>
      using((db) => {
        const at = toInstant(clock.now())
        return addSignal(db, { id: ids.next('sig'), runId, name, data, at, taken: false })
      }),
    takeSignal: (signalId) => using((db) => takeSignal(db, signalId, clock.now())),
    get: (runId) => using((db) => getRun(db, runId)),
    list: (filter) => using((db) => listRuns(db, filter)),
    orphans: () =>
      using(async (db) => {
        const { rows } = await db.query<{ run_id: string }>(
          `SELECT h.run_id FROM parley.run_heads h JOIN parley.runs r ON r.id = h.run_id
            LEFT JOIN parley.executors x ON x.executor_id = h.executor_id
            WHERE h.ended_at IS NULL AND (h.executor_id IS NULL OR greatest(h.expires_at, x.expires_at) <= $1::bigint) ORDER BY r.seq`,
          [clock.now()],
        )
        return rows.map((row) => row.run_id)
      }),
    subscribe: (runId, afterSeq, signal) =>
      followRun({ ready, clock, subscribers, pollMs }, { runId, afterSeq, signal }),
    receipts: ({ runId, taskId, tenantId }) =>
      using(async (db) => {
        const { rows } = await db.query<{ doc: ModelReceipt }>(
          `SELECT doc FROM parley.receipts WHERE ($1::text IS NULL OR run_id = $1) AND ($2::text IS NULL OR task_id = $2)
            AND ($3::text IS NULL OR tenant_id = $3) ORDER BY position`,
          [runId ?? null, taskId ?? null, tenantId ?? null],
        )
        return rows.map((row) => row.doc)
      }),
    definition: (hash) =>
      using(async (db) => {
        const { rows } = await db.query<{ doc: WorkflowDefinition }>(
          'SELECT doc FROM parley.definitions WHERE hash = $1',
          [hash],
        )
        return rows[0]?.doc
      }),
    purge: (before) =>
      using(async (db) => {
        const { rows } = await db.query<{ removed: number }>('SELECT parley.purge_runs($1::bigint) AS removed', [
          Date.parse(before),
        ])
        subscribers.nudge()
        return rows[0]?.removed ?? 0
      }),
    close() {
      subscribers.close()
      return Promise.resolve()
    },
  }

  function publish(runId: string, { seq, atMs, events }: Committed): void {
    if (events.length === 0 || !subscribers.has(runId)) return
    const first = seq - events.length + 1
    subscribers.publish(
      runId,
      events.map((event, position) => toRunEvent(runId, first + position, atMs, event)),
    )
  }
}

function isLeaseLost(error: unknown): boolean {
  return ParleyError.isInstance(error) && error.code === 'lease_lost'
}

/** The database once its schema is up to date; a failed attempt is made again by the next call. */
function onceReady(database: SqlDatabase, ownId: string | undefined): () => Promise<SqlDatabase> {
  let readied: Promise<SqlDatabase> | undefined
  return () => {
    readied ??= makeReady(database, ownId).catch((error: unknown) => {
      readied = undefined
      throw error
    })
    return readied
  }
}

async function makeReady(database: SqlDatabase, ownId: string | undefined): Promise<SqlDatabase> {
  await migrate(database, 'workflows', workflowMigrations)
  if (ownId !== undefined) {
    // The process of this name that held them has ended: this one is it.
    await database.query('UPDATE parley.run_heads SET epoch = epoch + 1, executor_id = NULL WHERE executor_id = $1', [
      ownId,
    ])
    await database.query('DELETE FROM parley.executors WHERE executor_id = $1', [ownId])
  }
  return database
}
