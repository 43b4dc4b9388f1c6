import {
  ParleyError,
  safeErrorText,
  terminalRunStatuses,
  type BudgetSpec,
  type CommitBatch,
  type DurableBackend,
  type RunRecord,
  type WaitRecord,
} from '@parley/spec'
import type { EngineParts } from './engine-parts.ts'
import { cancelError, type RunDesk } from './run-desk.ts'
import { checkRunBudget, refuseClosed } from './start-run.ts'
import type { OpenTaskBook } from './task-book.ts'
import type { WorkflowRegistry } from './workflow-registry.ts'

/** What runs are stopped, put aside and taken up with. */
export interface RunControl {
  parts: EngineParts
  desk: RunDesk
  registry: WorkflowRegistry
  tasks: OpenTaskBook
  executorId: string
  onCaught: (error: unknown) => void
}

/** Why a run is paused that nobody has paused: it goes on as soon as it can. */
const passingReasons: readonly string[] = ['shutdown', 'definition_mismatch']

/** @throws {ParleyError} `run_unknown` */
export async function knownRun(backend: DurableBackend, runId: string): Promise<RunRecord> {
  const run = await backend.get(runId)
  if (run !== undefined) return run
  throw new ParleyError({ code: 'run_unknown', message: `There is no run "${runId}".`, details: { runId } })
}

/** Ends a run, at work or at rest; one that is over stays as it is. */
export async function cancelRun(control: RunControl, runId: string, reason: string): Promise<RunRecord> {
  const { desk, parts } = control
  for (;;) {
    // Told before anything is read: a step that ends meanwhile must not be followed by another.
    const entry = desk.active(runId)
    if (entry !== undefined) {
      // It may come to rest before it is told; then it is cancelled there.
      desk.tell(entry, 'cancel', reason)
      await desk.settled(runId)
    }
    const run = await knownRun(parts.backend, runId)
    if (isOver(run)) return run
    if (desk.active(runId) !== undefined) continue
    if (!(await cancelAtRest(control, run, reason))) return knownRun(parts.backend, runId)
  }
}

/** Puts a run aside. @throws {ParleyError} `run_unknown`, `run_terminal` */
export async function pauseRun(control: RunControl, runId: string, given: string): Promise<RunRecord> {
  // Whoever pauses says why in words of their own, which are kept and shown.
  const reason = safeErrorText(given)
  const { desk, parts } = control
  // What is at work is told before anything is read: a step that ends meanwhile must not be followed by another.
  if (desk.active(runId) === undefined) refuseTerminal(await knownRun(parts.backend, runId))
  const entry = desk.active(runId)
  if (entry !== undefined) {
    desk.tell(entry, 'pause', reason)
    await desk.settled(runId)
  }
  const run = await knownRun(parts.backend, runId)
  if (isOver(run) || run.status === 'paused' || desk.active(runId) !== undefined) return run
  const at = new Date(parts.clock.now()).toISOString()
  await atRest(control, runId, () => ({
    events: [{ type: 'run_paused', data: { reason } }],
    run: { status: 'paused', pauseReason: reason, updatedAt: at },
  }))
  desk.rested(runId)
  return knownRun(parts.backend, runId)
}

/** Takes a run up where it stands. @throws {ParleyError} `run_unknown`, `run_terminal`, `definition_mismatch` */
export async function resumeRun(
  control: RunControl,
  runId: string,
  budget: BudgetSpec | undefined,
): Promise<RunRecord> {
  const { desk, parts, registry } = control
  refuseClosed(desk)
  if (budget !== undefined) checkRunBudget(budget, parts)
  refuseTerminal(await knownRun(parts.backend, runId))
  const entry = desk.active(runId)
  if (entry !== undefined) {
    const isStopping = entry.told?.how === 'pause' || entry.scope?.pauseReason() !== undefined
    if (budget === undefined && !isStopping) return knownRun(parts.backend, runId)
    // A budget is read when a run is taken up, so it is put aside for that.
    if (!isStopping) desk.tell(entry, 'pause', 'budget')
    await desk.settled(runId)
  }
  const run = await knownRun(parts.backend, runId)
  if (isOver(run)) return run
  const compiled = await registry.ofRun(run, parts.backend)
  if (budget !== undefined) await atRest(control, runId, () => ({ events: [], run: { budget } }))
  desk.execute(await knownRun(parts.backend, runId), compiled)
  return run
}

/** Takes up a run that its budget has put aside; one that somebody has paused meanwhile stays so. */
export async function resumeByBudget(control: RunControl, runId: string): Promise<void> {
  const { desk, parts } = control
  await desk.settled(runId)
  const run = await parts.backend.get(runId)
  if (desk.isClosed || run?.status !== 'paused' || run.pauseReason !== 'budget') return
  await resumeRun(control, runId, undefined)
}

/** Takes up what nobody holds. */
export async function recoverRuns(control: RunControl): Promise<string[]> {
  const { desk, parts } = control
  refuseClosed(desk)
  const recovered: string[] = []
  for (const runId of await parts.backend.orphans()) {
    try {
      const run = await parts.backend.get(runId)
      if (run !== undefined && (await recoverRun(control, run))) recovered.push(runId)
    } catch (error) {
      control.onCaught(error)
    }
  }
  return recovered
}

async function recoverRun(control: RunControl, run: RunRecord): Promise<boolean> {
  const { desk, parts, registry } = control
  // The next call of its task that fits lets it go on.
  if (run.status === 'paused' && run.pauseReason === 'budget' && run.parent === undefined) control.tasks.park(run)
  const isMeant = run.status === 'paused' && !passingReasons.includes(run.pauseReason ?? '')
  if (isMeant || desk.active(run.id) !== undefined) return false
  if (run.parent !== undefined) {
    const parent = await parts.backend.get(run.parent.runId)
    // The step that it is takes it up, in the budget of its run.
    if (parent !== undefined && !isOver(parent)) return false
  }
  let compiled
  try {
    compiled = await registry.ofRun(run, parts.backend)
  } catch (error) {
    if (run.status !== 'paused') await pauseMismatch(control, run)
    throw error
  }
  if (run.status === 'waiting') {
    const { waits, signals, stepRuns } = await parts.backend.read(run.id)
    const ended = new Set(stepRuns.flatMap(({ stepKey, status }) => (status === 'waiting' ? [] : [stepKey])))
    const hasNews = signals.length > 0 || waits.some(({ status, stepKey }) => status !== 'open' && !ended.has(stepKey))
    if (!hasNews) {
      desk.watchDeadline(run.id, waits)
      return false
    }
  }
  desk.execute(run, compiled)
  return true
}

async function pauseMismatch(control: RunControl, { id }: RunRecord): Promise<void> {
  const reason = 'definition_mismatch'
  await atRest(control, id, () => ({
    events: [{ type: 'run_paused', data: { reason } }],
    run: { status: 'paused', pauseReason: reason },
  }))
}

async function cancelAtRest(control: RunControl, run: RunRecord, reason: string): Promise<boolean> {
  const { parts, desk } = control
  const { waits, stepRuns } = await parts.backend.read(run.id)
  const at = new Date(parts.clock.now()).toISOString()
  const error = cancelError(reason)
  const isDone = await atRest(control, run.id, () => ({
    events: [
      { type: 'run_cancelled', data: { status: 'cancelled', error: { code: error.code, message: error.message } } },
    ],
    run: { status: 'cancelled', endedAt: at, updatedAt: at, error },
    waits: waits.filter(isOpen).map((wait) => ({ ...wait, status: 'cancelled' })),
    stepRuns: stepRuns
      .filter(({ status }) => status === 'waiting' || status === 'retrying')
      .map((record) => ({ ...record, status: 'cancelled' })),
  }))
  if (isDone) desk.rested(run.id)
  return isDone
}

/** Writes to a run that is not at work; false when another executor holds it. */
async function atRest({ parts, executorId }: RunControl, runId: string, batch: () => CommitBatch): Promise<boolean> {
  const lease = await parts.backend.claim(runId, executorId)
  if (lease === null) return false
  await parts.backend.commit(lease, batch())
  await parts.backend.release(lease)
  return true
}

function isOver({ status }: RunRecord): boolean {
  return terminalRunStatuses.includes(status)
}

function isOpen({ status }: WaitRecord): boolean {
  return status === 'open'
}

function refuseTerminal(run: RunRecord): void {
  if (!isOver(run)) return
  throw new ParleyError({
    code: 'run_terminal',
    message: `Run ${run.id} is over (${run.status}). Fork it to go on from one of its steps.`,
    details: { runId: run.id, status: run.status },
  })
}
