import type { Json, RunError } from '@parley/spec'
import { openFlow, stepFlow, type FlowInput } from '../schedule/flow-machine.ts'
import { bookVisit, capsVisits } from './book-visit.ts'
import { budgetOf } from './frame.ts'
import { isRedirected } from './is-redirected.ts'
import type { PreparedRegion, PreparedStep } from './prepare.ts'
import type { RegionEnd, RegionRunner, RegionTask } from './run-region.ts'
import type { RunScope } from './run-scope.ts'
import { runStep } from './run-step.ts'
import type { StepOutcome } from './step-outcome.ts'
import { takesNoPlace } from './takes-no-place.ts'

/** Walks the one token of a flow to its end. */
export async function runFlow(
  { scope, frame, prefix }: RegionTask,
  region: Extract<PreparedRegion, { kind: 'flow' }>,
  runRegion: RegionRunner,
): Promise<RegionEnd> {
  let state = openFlow(region.plan)
  let input: FlowInput = { type: 'start' }
  let error: RunError | undefined
  const budget = budgetOf(frame) ?? scope.budget
  const isCapped = capsVisits(budget)
  for (;;) {
    const { state: after, effects } = stepFlow(state, input)
    state = after
    const [effect] = effects
    if (effect === undefined || effect.type === 'interrupt') return { type: 'stopped' }
    if (effect.type === 'ended') {
      if (scope.decision() !== undefined) return { type: 'stopped' }
      if (effect.lost !== undefined) error = lostError(effect.lost)
      return effect.outcome === 'completed' ? { type: 'completed' } : { type: 'failed', error }
    }
    if (scope.decision() !== undefined) return { type: 'stopped' }
    if (scope.pauseReason() !== undefined) return { type: 'parked' }
    const prepared = region.steps.get(effect.step.id)
    if (prepared === undefined) return { type: 'failed', error }
    const exceeded = countVisit(scope, effect.step.id)
    if (exceeded !== undefined) return { type: 'failed', error: exceeded }
    const stepKey = `${prefix}${effect.step.id}@${effect.visit}`
    if (isCapped && !(await bookVisit(scope, budget, { step: effect.step.id, stepKey })))
      return { type: scope.decision() === undefined ? 'parked' : 'stopped' }
    const task = { scope, prepared, frame, stepKey, region: 'flow', runRegion } as const
    const isAnew = isRedirected(scope, prepared, stepKey)
    const outcome = await withPlace(scope, prepared, stepKey, () => runStep(isAnew ? { ...task, isAnew } : task))
    switch (outcome.type) {
      case 'completed':
        input = { type: 'left', next: nextOf(prepared, outcome.output) }
        break
      case 'skipped':
        input = { type: 'left', next: prepared.step.next }
        break
      case 'failed':
        error = outcome.error
        if (outcome.abort) scope.decide({ status: 'failed', error })
        input = { type: 'failed' }
        break
      case 'cancelled':
        return { type: 'stopped' }
      case 'parked':
        return { type: 'parked' }
      case 'replan':
        return { type: 'replan', failed: outcome.failed }
    }
  }
}

/** A definition names nodes that exist; what a function or a journal says of the next one may not. */
function lostError(id: string): RunError {
  return {
    code: 'unknown_reference',
    message: `The flow was led to the node "${id}", which it does not have.`,
    step: id,
  }
}

/** Visits are counted over the whole run, branches included; one too many ends it. */
function countVisit(scope: RunScope, step: string): RunError | undefined {
  scope.counts.visits += 1
  const { maxVisits } = scope.workflow.compiled.definition.limits
  if (scope.counts.visits <= maxVisits) return undefined
  const exceeded: RunError = {
    code: 'visits_exceeded',
    message: `The nodes of the flow were visited more than ${maxVisits} times. Look for a loop without an end, or raise limits.maxVisits.`,
    step,
  }
  scope.firstError(exceeded)
  scope.decide({ status: 'failed', error: exceeded })
  return exceeded
}

/** Waits for a place among the steps that may run at once, where the node needs one. */
function withPlace(
  scope: RunScope,
  { order, step }: PreparedStep,
  key: string,
  run: () => Promise<StepOutcome>,
): Promise<StepOutcome> {
  if (takesNoPlace(step.kind)) return run()
  return new Promise((resolve, reject) => {
    const dropHalt = scope.onHalt((how) => {
      dropHalt()
      scope.lanes.leave(key)
      resolve({ type: how === 'stop' ? 'cancelled' : 'parked' })
    })
    scope.lanes.request({ key, order, serial: false }, () => {
      dropHalt()
      run()
        .finally(() => scope.lanes.leave(key))
        .then(resolve, reject)
    })
  })
}

/** A branching node gives the name of the node that it leads to. */
function nextOf({ step }: PreparedStep, output: Json): string | undefined {
  if (step.kind === 'if' || step.kind === 'switch') return typeof output === 'string' ? output : undefined
  return step.kind === 'end' ? undefined : step.next
}
