import type { ContractFault, FailureClass, Json, ParleyError, RetryContext } from '@parley/spec'
import { copyToJson } from '../state/copy-json.ts'
import { act, isSkip, type Acted } from './act.ts'
import { Attempt } from './attempt.ts'
import { BudgetParked } from './budget-parked.ts'
import { checkInput, checkOutput, contractError, noteFaults, type CheckedOutput } from './check-contracts.ts'
import { classOf, toRunError, toStepError } from './failure.ts'
import { fenced } from './fenced.ts'
import type { Frame, ItemPlace } from './frame.ts'
import { writtenOutput } from './acts/act-agent.ts'
import { keepAttempt } from './keep-attempt.ts'
import type { PreparedStep } from './prepare.ts'
import { factsOf, resolveDecision } from './resolve-decision.ts'
import { actRegion, RegionHalted } from './region-attempt.ts'
import type { RegionRunner } from './run-region.ts'
import { note, tell, type RunScope } from './run-scope.ts'
import type { UnplannedStep } from './step-outcome.ts'
import { findReused, keepForReuse } from './step-reuse.ts'
import { waitForRetry } from './wait-for-retry.ts'

/** How all attempts of a step, or of one of its items, ended. */
export type AttemptsEnd =
  | {
      type: 'completed'
      output: Json
      writes: ReadonlyMap<string, Json> | undefined
      attempt: Attempt
      context?: Map<string, Json>
    }
  | { type: 'skipped'; kind: 'sentinel' | 'policy'; attempt: Attempt }
  | { type: 'failed'; error: ParleyError; class: FailureClass; decision: 'fail' | 'abort' | 'replan'; attempt: Attempt }
  | { type: 'cancelled' }
  | { type: 'parked' }
  /** A step inside of it asks for a plan. */
  | { type: 'replan'; failed: UnplannedStep }

/** What is tried. */
export interface Work {
  scope: RunScope
  prepared: PreparedStep
  frame: Frame
  stepKey: string
  /** Place of the step, or of the item, in the order of the run. */
  seq: number
  item?: ItemPlace
  /** Of items that end together. @default that of the run */
  signal?: AbortSignal
  region: 'dag' | 'flow'
  /** For a step that is a region itself. */
  runRegion: RegionRunner
}

/** Which try it is. */
export interface Try {
  number: number
  /** From 1; above when the attempt was interrupted and begins again. */
  dispatch: number
  /** Attempts under an earlier plan, which do not count for the policy. */
  before: number
  retryContext: RetryContext | undefined
}

/** How one attempt ended: for good, or with another one to come. */
export type AttemptEnd = AttemptsEnd | { type: 'retry'; context: RetryContext | undefined }

/** Makes one attempt, from its inputs to its checked output. */
export async function runAttempt(work: Work, which: Try): Promise<AttemptEnd> {
  const { scope, prepared } = work
  const { step } = prepared
  const { region } = prepared
  // A region ends what is inside of it by itself.
  const timeoutMs = region === undefined ? step.timeoutMs : undefined
  const controller = timeoutMs === undefined ? undefined : new AbortController()
  const outer = work.signal ?? scope.signal
  const signal = controller === undefined ? outer : AbortSignal.any([outer, controller.signal])
  const attempt = new Attempt(work, which, signal)
  note(scope, 'step_started', attempt.place, { attempt: which.number })
  const started = tell(scope, 'onStepStart', attempt.place, { attempt: which.number })
  if (started !== undefined) await started
  let faults: readonly ContractFault[] = []
  try {
    const broken = checkInput(attempt)
    const inputFaults = broken instanceof Promise ? await broken : broken
    if (inputFaults !== undefined) {
      faults = inputFaults
      throw contractError('contract_input', step.id, faults, work.item?.index)
    }
    const kept = step.cache === undefined ? undefined : await findReused(attempt)
    if (kept?.reused !== undefined) {
      if (!isStopped(work)) {
        const { output, writes } = kept.reused
        if (step.stream !== undefined) attempt.deltas.complete(writtenOutput(output))
        return { type: 'completed', output, writes, attempt }
      }
      keepAttempt(attempt, 'cancelled')
      return { type: 'cancelled' }
    }
    if (step.effect === 'effectful' && region === undefined) {
      // An attempt that may not be repeated is known before it acts.
      keepAttempt(attempt, 'running')
      await scope.writer.flush()
    }
    const working = region === undefined ? act(attempt) : actRegion(work, attempt, region)
    let acted: Acted
    if (region !== undefined) acted = await working
    else if (working instanceof Promise) {
      scope.writer.flushSoon()
      acted = await fenced(scope, working, {
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(work.signal === undefined ? {} : { signal: work.signal }),
        abort: (error) => controller?.abort(error),
        onLate: () => noteLate(attempt),
      })
    } else acted = working
    if (isStopped(work)) {
      noteLate(attempt)
      keepAttempt(attempt, 'cancelled')
      return { type: 'cancelled' }
    }
    if (isSkip(acted.value)) return { type: 'skipped', kind: 'sentinel', attempt }
    const checked =
      acted.faults !== undefined
        ? { value: null, faults: noteFaults(attempt, 'output', acted.faults) }
        : acted.isChecked === true
          ? { value: copyToJson(acted.value, `output of "${step.id}"`) }
          : checkOutput(attempt, acted.value)
    const { value, faults: outputFaults }: CheckedOutput = checked instanceof Promise ? await checked : checked
    if (outputFaults !== undefined) {
      faults = outputFaults
      throw contractError('contract_output', step.id, faults, work.item?.index)
    }
    const { writes, context } = acted
    if (acted.text !== undefined && step.stream !== undefined) attempt.deltas.complete(acted.text)
    if (kept?.key !== undefined) await keepForReuse(attempt, kept.key, acted)
    return { type: 'completed', output: value, writes, attempt, ...(context === undefined ? {} : { context }) }
  } catch (thrown) {
    return await afterFailure(work, attempt, thrown, faults)
  } finally {
    attempt.close()
  }
}

/** Records a failed attempt and does what the policy of the step says. */
async function afterFailure(
  work: Work,
  attempt: Attempt,
  thrown: unknown,
  faults: readonly ContractFault[],
): Promise<AttemptEnd> {
  const { scope } = work
  if (thrown instanceof RegionHalted) return thrown.end
  if (thrown instanceof BudgetParked) {
    // It has not acted: the same attempt begins again when the run goes on.
    if (work.prepared.step.effect === 'effectful') keepAttempt(attempt, 'cancelled')
    return { type: 'parked' }
  }
  const error = toStepError(thrown)
  if (error.code === 'lease_lost') throw error
  if (isBudget(error)) return overBudget(attempt, error)
  if (isStopped(work)) {
    keepAttempt(attempt, 'cancelled', { error, class: 'cancelled' })
    return { type: 'cancelled' }
  }
  const failure = classOf(error)
  const facts = factsOf(work, { error, class: failure, attempt: attempt.number - attempt.before })
  const decision = await resolveDecision(work, facts)
  keepAttempt(attempt, 'failure', { error, class: failure })
  const data = {
    class: failure,
    error: { code: error.code, message: toRunError(error, failure).message },
    final: decision.action !== 'retry',
  }
  note(scope, 'step_failed', attempt.place, data)
  const told = tell(scope, 'onStepFail', attempt.place, data)
  if (told !== undefined) await told
  switch (decision.action) {
    case 'retry':
      attempt.takeBack()
      return waitForRetry(attempt, error, faults, { seq: work.seq, signal: work.signal })
    case 'skip':
      scope.hidden.partial = true
      return { type: 'skipped', kind: 'policy', attempt }
    case 'replan':
    case 'fail':
    case 'abort':
      return { type: 'failed', error, class: failure, decision: decision.action, attempt }
  }
}

/** Whether what the attempt gives is nobody's: what was reserved before a budget ran out may end. */
function isStopped({ scope, signal }: Work): boolean {
  const decision = scope.decision()
  return (decision !== undefined && decision.status !== 'budget_exceeded') || signal?.aborted === true
}

function overBudget(attempt: Attempt, error: ParleyError): AttemptsEnd {
  keepAttempt(attempt, 'failure', { error, class: 'budget' })
  const { exceeded } = error.details
  attempt.scope.decide({
    status: 'budget_exceeded',
    error: {
      ...toRunError(error, 'budget', attempt.prepared.step.id),
      ...(typeof exceeded === 'string' ? { exceeded } : {}),
    },
  })
  return { type: 'cancelled' }
}

function isBudget(error: ParleyError): boolean {
  return error.code === 'budget_exceeded'
}

function noteLate(attempt: Attempt): void {
  note(attempt.scope, 'late_result', attempt.place, {})
  attempt.scope.writer.flushSoon()
}
