import {
  createRedactor,
  redactText,
  type AttemptRecord,
  type Budget,
  type Journal,
  type Lease,
  type RunError,
  type StepRunRecord,
} from '@parley/spec'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import { RunState } from '../state/run-state.ts'
import type { EngineParts } from './engine-parts.ts'
import { budgetOf } from './frame.ts'
import { GRACE_MS } from './fenced.ts'
import { JournalWriter } from './journal-writer.ts'
import { LaneGate } from './lane-gate.ts'
import { ledgerBudget, settleHeld, type OpenReservations } from './ledger-budget.ts'
import { attemptOfReceipt, closeReceipts, isOpenReceipt } from './close-receipts.ts'
import type { PreparedWorkflow } from './prepare.ts'
import { readLedger, type LedgerReading } from './read-ledger.ts'
import type { RunSeat } from './run-seat.ts'
import { openRunBudget } from './run-budget.ts'
import { isPartial } from './is-partial.ts'
import { openSessionHistory } from './session-history.ts'
import { note, tell, type RunDecision, type RunScope } from './run-scope.ts'

/** What an execution is opened with besides the journal. */
export interface ScopeOptions {
  parts: EngineParts
  workflow: PreparedWorkflow
  lease: Lease
  hooks: readonly WorkflowHooks[]
  /** The envelope around the run. */
  outerBudget: Budget | undefined
  recordsPayloads: boolean
  /** Workflows around this one. */
  depth: number
  /** What it works in. Absent: nobody else asks for that. */
  seat?: RunSeat
}

/** A scope with what only its execution uses. */
export interface OpenScope extends RunScope {
  workflow: PreparedWorkflow
  attempted: ReadonlyMap<string, AttemptRecord>
  /** Goes on with a new plan. */
  adopt(workflow: PreparedWorkflow, attempted: ReadonlyMap<string, AttemptRecord>): void
  readonly error: () => RunError | undefined
  readonly attempts: readonly AttemptRecord[]
  /** Resolves when hooks that nobody waited for are through. */
  drain(): Promise<void>
  /** Books what is still held at its estimate. */
  settleHeld(): Promise<void>
  /** Ends the execution where it is, without a word in the journal: the run is taken up again from there. */
  abandon(error: unknown): void
  /** Called when the scope is closed. */
  onClose(run: () => void): void
  close(): void
}

/** Opens an execution on a journal: everything that its steps share, at the point where the journal ends. */
export async function openScope(journal: Journal, options: ScopeOptions): Promise<OpenScope> {
  const { parts, workflow, lease, hooks, outerBudget, recordsPayloads, depth, seat } = options
  const { clock } = parts
  const { definition } = workflow.compiled
  // What a store keeps is nobody's to change.
  const run = { ...journal.run }
  const writer = new JournalWriter(parts.backend, lease, clock)
  const controller = new AbortController()
  const fences = new Set<() => void>()
  const halts = new Set<(how: 'stop' | 'pause') => void>()
  const redactor = createRedactor({ sensitiveKeys: definition.sensitiveKeys })
  let decision: RunDecision | undefined
  let pauseReason: string | undefined
  let error: RunError | undefined
  const closers: (() => void)[] = []
  const told: Promise<void>[] = []
  const attempts: AttemptRecord[] = [...journal.attempts]
  const held: OpenReservations = new Map()
  const isNew = journal.lastSeq === 0 && run.forkedFrom === undefined
  const receipts = isNew ? [] : await parts.backend.receipts({ runId: run.id })
  const past = readLedger(run.id, journal.ledger, new Set(receipts.filter(isOpenReceipt).map(attemptOfReceipt)))
  const halt = (how: 'stop' | 'pause'): void => {
    for (const listen of halts) listen(how)
  }
  writer.onAttempt = (record) => attempts.push(record)

  const openBudget = openRunBudget(outerBudget, run.id, {
    spec: run.budget ?? definition.defaults.budget,
    maxModelCalls: definition.limits.maxModelCalls,
    clock,
    settled: past.run,
    onWarning({ envelope, share }) {
      note(scope, 'budget_warning', {}, { envelope: envelope.id, kind: envelope.kind, share })
      writer.flushSoon()
    },
  })
  const runBudget = ledgerBudget(openBudget, run.id, writer, held)
  const stepBudgets = new Map<string, Budget>()

  const history = await openSessionHistory(parts.archive ?? parts.backend, run, definition)
  const scope: OpenScope = {
    workflow,
    parts,
    backend: parts.backend,
    clock,
    ids: parts.ids,
    run,
    writer,
    state: new RunState(journal.state, (key, bytes) => note(scope, 'state_large', {}, { key, bytes })),
    budget: runBudget,
    visited: past.visits,
    stepBudget(stepKey, spec, frame) {
      const settled = past.steps.get(stepKey)
      const outer = budgetOf(frame) ?? runBudget
      const known =
        stepBudgets.get(stepKey) ?? outer.child('step', stepKey, spec, settled === undefined ? {} : { settled })
      stepBudgets.set(stepKey, known)
      return known
    },
    lanes: new LaneGate(definition.limits.maxConcurrency, seat),
    signal: controller.signal,
    hooks,
    recorded: new Map(journal.stepRuns.map((record) => [record.stepKey, record])),
    attempted: lastAttempts(run.id, journal, past),
    waits: new Map(journal.waits.map((wait) => [wait.stepKey, wait])),
    ended: new Map<string, StepRunRecord>(),
    tries: new Map(),
    unplanned: new Map(),
    parked: new Map(
      journal.stepRuns.flatMap((record) => (record.status === 'waiting' ? [[record.stepKey, record] as const] : [])),
    ),
    hidden: { partial: isPartial(definition, journal.stepRuns) },
    counts: {
      seq: journal.stepRuns.reduce((highest, { seq }) => Math.max(highest, seq), 0),
      // Nodes that the journal has ended are walked again, and counted then.
      visits: 0,
      replans: run.planVersion - 1,
    },
    depth,
    recordsPayloads,
    ...(history === undefined ? {} : { history }),
    nextSeq: () => (scope.counts.seq += 1),
    redact: (value) => redactor.value(value),
    redactText: (text) => redactText(text, { sensitiveKeys: definition.sensitiveKeys }),
    firstError(failure) {
      error ??= failure
    },
    error: () => error,
    attempts,
    adopt(next, attempted) {
      scope.workflow = next
      scope.attempted = attempted
    },
    decide(made) {
      if (decision !== undefined) return
      decision = made
      scope.lanes.stop()
      // A budget that is used up lets running steps end within what they have reserved; time that is over does not.
      if (made.status !== 'budget_exceeded' || made.error?.exceeded === 'max_wall_ms') {
        controller.abort(made.error ?? made.status)
        closers.push(
          clock.setTimer(GRACE_MS, () => {
            for (const fence of fences) fence()
          }),
        )
      }
      halt('stop')
    },
    decision: () => decision,
    onHalt(listen) {
      halts.add(listen)
      return () => halts.delete(listen)
    },
    pause(reason) {
      if (pauseReason !== undefined || decision !== undefined) return
      pauseReason = reason
      scope.lanes.pause()
      halt('pause')
    },
    pauseReason: () => pauseReason,
    times: { ms: -1, text: '' },
    wakes: new Map(),
    branches: new Map(),
    downgrades: [],
    receipts: closeReceipts(run.id, receipts, [...journal.ledger, ...past.interrupted], writer),
    later(name, place, data) {
      const pending = tell(scope, name, place, data)
      if (pending !== undefined) told.push(pending)
    },
    onFence(fence) {
      fences.add(fence)
      return () => fences.delete(fence)
    },
    async drain() {
      await Promise.all(told.splice(0))
    },
    settleHeld: () => settleHeld(runBudget, held),
    abandon(failure) {
      writer.abandon(failure)
      controller.abort(failure)
      for (const fence of fences) fence()
    },
    onClose: (run) => void closers.push(run),
    close() {
      for (const run of closers.splice(0)) run()
      writer.close()
    },
  }
  seat?.open({
    running: () => scope.lanes.running,
    isStopping: () => decision !== undefined || pauseReason !== undefined,
    onHalt: (listen) => scope.onHalt(listen),
  })
  for (const entry of past.interrupted) writer.ledger(entry)
  return scope
}

/**
 * The last attempt of each step. One that has spent something and has no outcome was interrupted: it runs again under its
 * number, and its calls get keys of their own.
 */
function lastAttempts(runId: string, { attempts }: Journal, { dispatches }: LedgerReading): Map<string, AttemptRecord> {
  const last = new Map<string, AttemptRecord>()
  for (const attempt of attempts) {
    const known = last.get(attempt.stepKey)
    if (known === undefined || attempt.attempt >= known.attempt) last.set(attempt.stepKey, attempt)
  }
  for (const { stepKey, attempt, dispatch } of dispatches.values()) {
    const known = last.get(stepKey)
    if (known !== undefined && known.attempt > attempt) continue
    if (known?.attempt === attempt && known.status !== 'running') continue
    last.set(stepKey, {
      runId,
      stepKey,
      attempt,
      dispatch: Math.max(dispatch, known?.attempt === attempt ? known.dispatch : 0),
      status: 'running',
      startedAt: known?.startedAt ?? '',
      receiptIds: known?.receiptIds ?? [],
    })
  }
  return last
}
