import {
  createSystemClock,
  createSystemIds,
  durableLimits,
  leaseLost,
  parseRunPage,
  runExists,
  runTerminal,
  runUnknown,
  terminalRunStatuses,
} from '@parley/spec'
import type {
  Clock,
  CommitBatch,
  DurableBackend,
  IdSource,
  Journal,
  Lease,
  RunFilter,
  RunRecord,
  WorkflowDefinition,
} from '@parley/spec'

import { createExecutorLeases } from './executor-leases.ts'
import { createInstants } from './instants.ts'
import { MemoryRun } from './memory-run.ts'
import { WaitBook } from './wait-book.ts'

/** Options of `memoryBackend`. */
export interface MemoryBackendOptions {
  /** Stamps events and ends leases. @default the system clock */
  clock?: Clock
  /** Names signals. @default the system's ids */
  ids?: IdSource
  /** How long a lease lives without a sign of its executor, ms. @default 30 000 */
  leaseMs?: number
  /** Whether events are kept besides those that begin and end a run. @default true */
  keepsEvents?: boolean
}

/**
 * Keeps runs in this process, for tests and scripts: when it ends, they are gone. Records are kept as they are given and
 * given as they are kept, without copies: nobody may change one afterwards.
 */
export function memoryBackend({
  clock = createSystemClock(),
  ids = createSystemIds(),
  leaseMs = durableLimits.leaseMs,
  keepsEvents = true,
}: MemoryBackendOptions = {}): DurableBackend {
  const runs = new Map<string, MemoryRun>()
  const runIdsByKey = new Map<string, string>()
  const definitions = new Map<string, WorkflowDefinition>()
  const waits = new WaitBook()
  const leases = createExecutorLeases(clock, leaseMs)
  const instant = createInstants(clock)
  let lastNumber = 0

  /** @throws {ParleyError} `run_unknown` */
  const find = (runId: string): MemoryRun => {
    const run = runs.get(runId)
    if (run === undefined) throw runUnknown(runId)
    return run
  }
  /** @throws {ParleyError} `run_unknown`, `lease_lost` */
  const findHeld = (lease: Lease): MemoryRun => {
    const run = find(lease.runId)
    if (run.held.epoch !== lease.epoch) throw leaseLost(lease)
    return run
  }
  const toJournal = (run: MemoryRun): Journal => ({
    run: run.record,
    definition: definitions.get(run.record.definitionHash) ?? run.definition,
    stepRuns: run.rows.stepRuns(),
    attempts: run.rows.attempts(),
    state: run.rows.state(),
    ledger: run.rows.ledger(),
    waits: waits.ofRun(run.record.id),
    signals: waits.signalsOf(run.record.id, clock.now()),
    lastSeq: run.events.lastSeq,
  })

  function write(lease: Lease, batch: CommitBatch): { seq: number } {
    const run = findHeld(lease)
    // All that can refuse the batch comes before the first change.
    if (batch.events.length > 0 && run.isOver) throw runTerminal(lease.runId)
    const { waits: written } = batch
    const hasWaits = written !== undefined && written.length > 0
    if (hasWaits) waits.check(lease.runId, written)
    if (batch.definition !== undefined) keepDefinition(batch.definition)
    if (batch.run !== undefined) run.patch(batch.run)
    run.rows.write(batch)
    if (hasWaits) waits.write(lease.runId, written)
    run.updatedAt = instant()
    const nowMs = clock.now()
    const isEnd = run.events.append(batch.events, run.updatedAt)
    if (isEnd || (batch.run?.status !== undefined && terminalRunStatuses.includes(batch.run.status))) run.end(nowMs)
    leases.extend(run.held, nowMs)
    run.events.wake()
    return { seq: run.events.lastSeq }
  }

  function keepDefinition(definition: WorkflowDefinition): WorkflowDefinition {
    const known = definitions.get(definition.hash)
    if (known !== undefined) return known
    definitions.set(definition.hash, definition)
    return definition
  }

  return {
    kind: 'memory',
    multiWorker: false,
    keepsEvents,
    async createRun(given, definition, { idempotencyKey = given.idempotencyKey } = {}) {
      const key = idempotencyKey === undefined ? undefined : JSON.stringify([given.tenantId, idempotencyKey])
      const known = runs.get((key === undefined ? undefined : runIdsByKey.get(key)) ?? given.id)
      if (known !== undefined) {
        if (known.record.tenantId !== given.tenantId) throw runExists(given.id)
        return { run: known.record, created: false }
      }
      const record: RunRecord = idempotencyKey === undefined ? given : { ...given, idempotencyKey }
      lastNumber += 1
      runs.set(record.id, new MemoryRun(lastNumber, record, keepDefinition(definition)))
      if (key !== undefined) runIdsByKey.set(key, record.id)
      return { run: record, created: true }
    },
    async claim(runId, executorId) {
      const run = find(runId)
      return run.isOver ? null : (leases.claim(run.held, runId, executorId) ?? null)
    },
    async heartbeat(executorId) {
      return leases.heartbeat(executorId)
    },
    async release(lease) {
      const run = runs.get(lease.runId)
      if (run !== undefined) leases.release(run.held, lease)
    },
    async load(lease) {
      return toJournal(findHeld(lease))
    },
    async read(runId) {
      return toJournal(find(runId))
    },
    async commit(lease, batch) {
      return write(lease, batch)
    },
    async resolveWait(waitId, resolution) {
      return waits.resolve(waitId, resolution)
    },
    async findWait(by) {
      return waits.find(by)
    },
    async signal(runId, name, data) {
      if (find(runId).isOver) throw runTerminal(runId)
      const signal = { id: ids.next('sig'), runId, name, data, at: instant(), taken: false }
      waits.addSignal(signal)
      return signal
    },
    async takeSignal(signalId) {
      return waits.takeSignal(signalId, clock.now())
    },
    async get(runId) {
      return runs.get(runId)?.record
    },
    async list(filter) {
      const { limit, before } = parseRunPage(filter)
      const found: MemoryRun[] = []
      for (const run of [...runs.values()].reverse()) {
        if (run.number >= before || !isListed(run.record, filter)) continue
        found.push(run)
        if (found.length > limit) break
      }
      const page = found.slice(0, limit)
      const last = page.at(-1)
      const hasMore = found.length > limit && last !== undefined
      return { runs: page.map((run) => run.record), ...(hasMore ? { cursor: String(last.number) } : {}) }
    },
    async orphans() {
      return [...runs.values()].filter((run) => !run.isOver && !leases.isHeld(run.held)).map((run) => run.record.id)
    },
    async *subscribe(runId, afterSeq, signal) {
      yield* find(runId).events.follow(afterSeq, signal)
    },
    async receipts({ runId, taskId, tenantId }) {
      const only = runId === undefined ? undefined : runs.get(runId)
      const among = runId === undefined ? [...runs.values()] : only === undefined ? [] : [only]
      return among
        .flatMap((run) => [...run.rows.receipts()])
        .filter(
          (receipt) =>
            (taskId === undefined || receipt.taskId === taskId) &&
            (tenantId === undefined || receipt.tenantId === tenantId),
        )
    },
    async definition(hash) {
      return definitions.get(hash)
    },
    async purge(before) {
      const beforeMs = Date.parse(before)
      let removed = 0
      for (const [runId, run] of runs) {
        if (run.endedAtMs === undefined || run.endedAtMs >= beforeMs) continue
        const { tenantId, idempotencyKey } = run.record
        runs.delete(runId)
        waits.forget(runId)
        if (idempotencyKey !== undefined) runIdsByKey.delete(JSON.stringify([tenantId, idempotencyKey]))
        run.events.close()
        removed += 1
      }
      return removed
    },
    async close() {
      for (const run of runs.values()) run.events.close()
    },
  }
}

function isListed(run: RunRecord, { tenantId, status, taskId, sessionId, workflow }: RunFilter): boolean {
  return (
    (tenantId === undefined || run.tenantId === tenantId) &&
    (status === undefined || status.includes(run.status)) &&
    (taskId === undefined || run.taskId === taskId) &&
    (sessionId === undefined || run.sessionId === sessionId) &&
    (workflow === undefined || run.workflow === workflow)
  )
}
