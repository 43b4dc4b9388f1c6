import { ParleyError } from '@parley/spec'
import { Attempt } from './attempt.ts'
import { checkOutput, contractError } from './check-contracts.ts'
import { toStepError } from './failure.ts'
import type { Frame, ItemPlace } from './frame.ts'
import type { PreparedRegion } from './prepare.ts'
import { regionOutput } from './region-output.ts'
import { note, tell } from './run-scope.ts'
import type { RegionEnd } from './run-region.ts'
import { settleByPolicy, settleCancel, settleOutput, type StepTask, type StepTimes } from './settle-step.ts'
import type { StepOutcome } from './step-outcome.ts'

/** Runs a step that is a region; its output is what the region gives. */
export async function runRegionStep(task: StepTask, times: StepTimes, region: PreparedRegion): Promise<StepOutcome> {
  const { scope, prepared, stepKey } = task
  const attempt = attemptOf(task)
  const place = { step: prepared.step.id, stepKey }
  note(scope, 'step_started', place, { attempt: 1 })
  const started = tell(scope, 'onStepStart', place, { attempt: 1 })
  if (started !== undefined) await started
  const inner = innerFrame(task, region)
  const end = await task.runRegion({ scope, region, frame: inner, prefix: `${stepKey}/` })
  if (end.type !== 'completed') return settleEnd(task, times, end)
  try {
    const checked = checkOutput(attempt, regionOutput(region, inner))
    const { value, faults } = checked instanceof Promise ? await checked : checked
    if (faults !== undefined) throw contractError('contract_output', prepared.step.id, faults)
    const settled = await settleOutput(task, times, value, undefined, attempt)
    if (settled.type === 'completed' && inner.context !== undefined) scope.branches.set(stepKey, inner.context)
    return settled
  } catch (thrown) {
    const error = toStepError(thrown)
    if (error.code === 'lease_lost') throw thrown
    return settleByPolicy(task, times, error)
  }
}

/** The region as what a foreach does with one item. */
export function runItemRegion(
  task: StepTask,
  { region, item, stepKey }: { region: PreparedRegion; item: ItemPlace; stepKey: string },
): { frame: Frame; end: Promise<RegionEnd> } {
  const frame: Frame = { outputs: new Map(), outer: task.frame, context: undefined, item }
  return { frame, end: task.runRegion({ scope: task.scope, region, frame, prefix: `${stepKey}/` }) }
}

/** The error of a step by that of the step inside that failed. */
export function regionError(id: string, error: { message: string; step?: string } | undefined): ParleyError {
  return new ParleyError({
    code: 'step_failed',
    message: error?.message ?? `The region "${id}" failed.`,
    details: { step: error?.step ?? id },
  })
}

/**
 * Reads a branch again that the journal has ended: what it wrote is visible only at its join, which may be yet to come.
 * Nothing of it runs.
 */
export async function rereadBranch(task: StepTask, region: PreparedRegion): Promise<void> {
  const { scope, stepKey } = task
  if (!isBranch(task, region) || scope.branches.has(stepKey)) return
  const inner = innerFrame(task, region)
  const end = await task.runRegion({ scope, region, frame: inner, prefix: `${stepKey}/` })
  if (end.type === 'completed' && inner.context !== undefined) scope.branches.set(stepKey, inner.context)
}

async function settleEnd(
  task: StepTask,
  times: StepTimes,
  end: Exclude<RegionEnd, { type: 'completed' }>,
): Promise<StepOutcome> {
  switch (end.type) {
    case 'failed':
      return settleByPolicy(task, times, regionError(task.prepared.step.id, end.error))
    case 'stopped':
      return settleCancel(task, times)
    case 'parked':
      return { type: 'parked' }
    case 'replan':
      return { type: 'replan', failed: end.failed }
  }
}

/** Branches that run side by side do not see what the others write before they are joined. */
function isBranch(task: StepTask, region: PreparedRegion): boolean {
  return region.kind === 'flow' && task.region === 'dag'
}

function innerFrame(task: StepTask, region: PreparedRegion): Frame {
  return { outputs: new Map(), outer: task.frame, context: isBranch(task, region) ? new Map() : undefined }
}

/** A region has no attempts of its own; this one is what its contract is checked for. */
function attemptOf(task: StepTask): Attempt {
  const attempt = new Attempt(task, { number: 1, dispatch: 1, before: 0, retryContext: undefined }, task.scope.signal)
  attempt.isKept = true
  return attempt
}
