import { ParleyError, type ErrorCode, type Json, type StepRunRecord } from '@parley/spec'
import { decideFailure } from '../failure/decide-failure.ts'
import { sourcesOf } from './attempt.ts'
import { conditionData } from './condition-data.ts'
import { toStepError } from './failure.ts'
import { rereadBranch } from './reread-branch.ts'
import { factsOf } from './resolve-decision.ts'
import type { AttemptsEnd } from './run-attempt.ts'
import { runAttempts } from './run-attempts.ts'
import { runForeach } from './run-foreach.ts'
import { runWait } from './run-wait.ts'
import {
  settleByPolicy,
  settleCancel,
  settleFailure,
  settleOutput,
  settleSkip,
  unplannedOf,
  type StepTask,
  type StepTimes,
} from './settle-step.ts'
import type { StepOutcome } from './step-outcome.ts'

/** Runs a step to its end, and keeps that. A step that the journal has ended is read, never run. */
export async function runStep(task: StepTask): Promise<StepOutcome> {
  const { scope, prepared, frame, stepKey } = task
  const recorded = task.isAnew === true ? undefined : (scope.ended.get(stepKey) ?? scope.recorded.get(stepKey))
  const read = recorded === undefined ? undefined : fromJournal(task, recorded)
  if (read !== undefined) {
    if (prepared.region !== undefined && recorded?.status === 'completed')
      await rereadBranch(task, prepared.region, recorded)
    return read
  }
  const times: StepTimes = { seq: recorded?.seq || scope.nextSeq(), startedMs: scope.clock.now() }
  const unplanned = scope.unplanned.get(stepKey)
  if (unplanned !== undefined) return settleUnplanned(task, times, unplanned)
  if (prepared.condition !== undefined) {
    try {
      if (!prepared.condition.evaluate(conditionData(sourcesOf(scope, frame), prepared)))
        return await settleSkip(task, times, { kind: 'condition' })
    } catch (thrown) {
      return settleByPolicy(task, times, toStepError(thrown))
    }
  }
  if (prepared.step.foreach !== undefined) return runForeach(task, times)
  if (prepared.step.kind === 'wait') return runWait(task, times)
  return settle(task, times, await runAttempts({ ...task, seq: times.seq }))
}

/** Keeps how the attempts of a step ended. */
async function settle(task: StepTask, times: StepTimes, end: AttemptsEnd): Promise<StepOutcome> {
  switch (end.type) {
    case 'completed':
      return settleBranch(task, end.context, await settleOutput(task, times, end.output, end.writes, end.attempt))
    case 'skipped':
      return settleSkip(task, times, { kind: end.kind }, end.attempt)
    case 'failed':
      if (end.decision !== 'replan') return settleFailure(task, times, end.error, end.attempt, end.decision === 'abort')
      return unplannedOf(task, { error: end.error, class: end.class })
    case 'cancelled':
      return settleCancel(task, times)
    case 'parked':
    case 'replan':
      return end
  }
}

/** What a branch has written is kept until it is joined. */
function settleBranch(
  { scope, stepKey }: StepTask,
  context: Map<string, Json> | undefined,
  settled: StepOutcome,
): StepOutcome {
  if (context !== undefined && settled.type === 'completed') scope.branches.set(stepKey, context)
  return settled
}

/** There is no new plan: the step ends as its fallback says. */
async function settleUnplanned(
  task: StepTask,
  times: StepTimes,
  { error, action }: { error: ParleyError; action: 'skip' | 'fail' | 'abort' },
): Promise<StepOutcome> {
  const { scope, stepKey } = task
  scope.unplanned.delete(stepKey)
  if (action !== 'skip') return settleFailure(task, times, error, undefined, action === 'abort')
  scope.hidden.partial = true
  return settleSkip(task, times, { kind: 'policy' })
}

/** What the journal says of a step that has ended; nothing of it runs again. */
function fromJournal(task: StepTask, recorded: StepRunRecord): StepOutcome | undefined {
  const { scope, prepared, frame, stepKey } = task
  const { step } = prepared
  switch (recorded.status) {
    case 'completed': {
      const output = recorded.output ?? null
      frame.outputs.set(step.id, output)
      if (frame.context !== undefined && step.output !== undefined) frame.context.set(step.output, output)
      scope.ended.set(stepKey, recorded)
      return { type: 'completed', output }
    }
    case 'skipped':
      frame.outputs.set(step.id, null)
      scope.ended.set(stepKey, recorded)
      return { type: 'skipped', reason: recorded.skip ?? { kind: 'policy' } }
    case 'failed':
      scope.ended.set(stepKey, recorded)
      return failedInJournal(task, recorded)
    case 'pending':
    case 'ready':
    case 'running':
    case 'validating':
    case 'retrying':
    case 'waiting':
    case 'cancelled':
      return undefined
  }
}

/** The process may have ended between a failure and the end of the run that it decides. */
function failedInJournal(task: StepTask, { error }: StepRunRecord): StepOutcome {
  const { scope } = task
  const failure = error ?? { code: 'step_failed', message: 'The step failed.' }
  scope.firstError(failure)
  const facts = factsOf(task, {
    // Codes of stored errors were codes when they were stored.
    error: new ParleyError({ code: failure.code as ErrorCode, message: failure.message }),
    class: failure.class ?? 'execution',
    attempt: task.prepared.recovery.retry.maxAttempts,
  })
  const abort = decideFailure(facts).action === 'abort'
  return { type: 'failed', error: failure, abort }
}
