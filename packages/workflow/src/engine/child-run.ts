import { ParleyError, terminalRunStatuses, type Json, type RunRecord } from '@parley/spec'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { BudgetParked } from './budget-parked.ts'
import type { ChildRun } from './engine-parts.ts'
import { pauseRun, type RunControl } from './run-control.ts'
import { startRun, type RunStarter } from './start-run.ts'

/** How deep workflows may call each other. */
const MAX_DEPTH = 8

/**
 * Runs a workflow as a step of another one, to its end. While the child waits, the step stays open; where one of the two
 * is put aside, the other one is too.
 * @throws {ParleyError} `limit_exceeded`, and what the start of a run throws
 */
export async function runChild(
  { starter, control }: { starter: RunStarter; control: RunControl },
  workflow: CompiledWorkflow,
  input: Json,
  { budget, depth, parent, ...runOptions }: ChildRun,
): Promise<RunRecord> {
  if (depth > MAX_DEPTH) {
    throw new ParleyError({
      code: 'limit_exceeded',
      message: `Workflows call each other more than ${MAX_DEPTH} deep. Look for one that calls itself.`,
      details: { limit: 'depth', max: MAX_DEPTH, actual: depth },
    })
  }
  const { desk, parts } = control
  const { id } = await startRun(starter, workflow, input, runOptions, { budget, depth, parent })
  const outer = desk.active(parent.runId)?.scope
  const pauseChild = (): void => {
    pauseRun(control, id, outer?.pauseReason() ?? 'parent').catch((error: unknown) => {
      // It may have come to its end meanwhile.
      if (!ParleyError.isInstance(error) || error.code !== 'run_terminal') control.onCaught(error)
    })
  }
  const dropHalt = outer?.onHalt((how) => {
    if (how === 'pause') pauseChild()
  })
  if (outer?.pauseReason() !== undefined) pauseChild()
  try {
    for (;;) {
      const run = await atRest(id)
      if (terminalRunStatuses.includes(run.status)) return run
      if (run.status === 'paused') {
        outer?.pause(run.pauseReason ?? 'child')
        throw new BudgetParked({ kind: 'run', id })
      }
    }
  } finally {
    dropHalt?.()
    // While the child waited, the place of both may have been given on.
    await desk.goOn({ id, parent })
  }

  /** The child when it is over or paused. */
  async function atRest(runId: string): Promise<RunRecord> {
    let dropRest = (): void => {}
    try {
      for (;;) {
        const rest = new Promise<void>((resolve) => {
          dropRest = desk.onRest(runId, resolve)
        })
        await desk.settled(runId)
        const run = await parts.backend.get(runId)
        if (run === undefined) throw new ParleyError({ code: 'run_unknown', message: `The run ${runId} was removed.` })
        const stands = run.status === 'paused' || terminalRunStatuses.includes(run.status)
        if (stands && desk.active(runId) === undefined) return run
        if (run.status !== 'waiting' && desk.active(runId) === undefined) return leftRun(run)
        await rest
        dropRest()
      }
    } finally {
      dropRest()
    }
  }
}

/** It could not go on: its store failed, or the engine was closed. */
function leftRun({ id, status }: RunRecord): never {
  throw new ParleyError({
    code: 'step_failed',
    message: `The run ${id} of the step came to a halt while it was ${status}.`,
    details: { runId: id },
  })
}
