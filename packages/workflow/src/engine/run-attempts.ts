import { ParleyError, executionRetryContext, type AttemptRecord, type RetryContext } from '@parley/spec'
import { decideFailure } from '../failure/decide-failure.ts'
import { Attempt } from './attempt.ts'
import { toRunError } from './failure.ts'
import { keepAttempt } from './keep-attempt.ts'
import { factsOf, resolveDecision } from './resolve-decision.ts'
import { runAttempt, type AttemptsEnd, type Try, type Work } from './run-attempt.ts'
import { note } from './run-scope.ts'
import { waitForStoredRetry } from './wait-for-retry.ts'

/** Tries a step until it succeeds or its policy has another word. */
export async function runAttempts(work: Work): Promise<AttemptsEnd> {
  const { scope, stepKey } = work
  const earlier = scope.attempted.get(stepKey)
  const aside = scope.tries.get(stepKey)
  let which: Try = aside ?? { number: 1, dispatch: 1, before: 0, retryContext: undefined }
  if (aside !== undefined) scope.tries.delete(stepKey)
  else if (earlier !== undefined) {
    const next = await continueFrom(work, earlier)
    if ('type' in next) return next
    which = next
  }
  for (;;) {
    if (scope.decision() !== undefined || work.signal?.aborted === true) return { type: 'cancelled' }
    if (which.number > 1 && scope.pauseReason() !== undefined) return { type: 'parked' }
    const end = await runAttempt(work, which)
    if (end.type === 'parked' && work.prepared.region !== undefined) scope.tries.set(stepKey, which)
    if (end.type !== 'retry') return end
    which = { number: which.number + 1, dispatch: 1, before: which.before, retryContext: end.context }
  }
}

/** The attempt that comes after those that the journal knows, or how the step ended with the last of them. */
async function continueFrom(work: Work, earlier: AttemptRecord): Promise<Try | AttemptsEnd> {
  const { scope, prepared, stepKey } = work
  const { attempt: number, dispatch, before = 0, status } = earlier
  // Under a new plan a step has all its attempts again; their numbers go on, since keys never repeat.
  if ((earlier.plan ?? 1) < scope.run.planVersion)
    return { number: number + 1, dispatch: 1, before: number, retryContext: undefined }
  if (status !== 'failure') {
    const mayHaveActed = status === 'running' || status === 'unknown'
    if (mayHaveActed && prepared.step.effect === 'effectful') return outcomeUnknown(work, earlier)
    return { number, dispatch: dispatch + 1, before, retryContext: contextOf(work, number - 1) }
  }
  const failure = earlier.class ?? 'execution'
  const error = errorOf(earlier)
  const facts = factsOf(work, { error, class: failure, attempt: number - before })
  const planned = decideFailure(facts)
  if (planned.action === 'retry') {
    const slept = await waitForStoredRetry(scope, stepKey, work.signal)
    if (slept !== 'slept') return { type: slept }
    return { number: number + 1, dispatch: 1, before, retryContext: contextOf(work, number) }
  }
  // The process ended between the last attempt and what was to come of it.
  const decision = await resolveDecision(work, facts, planned)
  if (decision.action === 'retry')
    return { number: number + 1, dispatch: 1, before, retryContext: contextOf(work, number) }
  return ended(work, earlier, decision.action, error)
}

/** What the journal knows of an attempt that failed: its class, not the fields that were wrong. */
function contextOf({ scope, prepared, stepKey }: Work, number: number): RetryContext | undefined {
  const earlier = scope.attempted.get(stepKey)
  if (number < 1 || !prepared.recovery.policy.retryWithFeedback) return undefined
  return executionRetryContext(number, (earlier?.attempt === number ? earlier.class : undefined) ?? 'execution')
}

/** The step may have had its effect, so it is not run again: its policy decides what that means. */
async function outcomeUnknown(work: Work, earlier: AttemptRecord): Promise<AttemptsEnd> {
  const { scope, prepared } = work
  const error = new ParleyError({
    code: 'outcome_unknown',
    message: `The process ended while step "${prepared.step.id}" was at work, and it may not run twice. Look whether it had its effect, then fork the run from here.`,
    details: { step: prepared.step.id },
  })
  const facts = factsOf(work, { error, class: 'execution', attempt: earlier.attempt - (earlier.before ?? 0) })
  const decision = await resolveDecision(work, facts)
  const attempt = attemptOf(work, earlier)
  keepAttempt(attempt, 'unknown', { error, class: 'execution' })
  note(scope, 'step_failed', attempt.place, {
    class: 'execution',
    error: { code: error.code, message: toRunError(error, 'execution').message },
    final: true,
  })
  return ended(work, earlier, decision.action === 'retry' ? 'fail' : decision.action, error)
}

function ended(
  work: Work,
  earlier: AttemptRecord,
  decision: 'skip' | 'fail' | 'abort' | 'replan',
  error: ParleyError,
): AttemptsEnd {
  const attempt = attemptOf(work, earlier)
  attempt.isKept = true
  if (decision !== 'skip') return { type: 'failed', error, class: earlier.class ?? 'execution', decision, attempt }
  work.scope.hidden.partial = true
  return { type: 'skipped', kind: 'policy', attempt }
}

function attemptOf(work: Work, { attempt, dispatch, before = 0, receiptIds }: AttemptRecord): Attempt {
  const known = new Attempt(
    work,
    { number: attempt, dispatch, before, retryContext: undefined },
    work.signal ?? work.scope.signal,
  )
  known.receiptIds.push(...receiptIds)
  return known
}

function errorOf({ error }: AttemptRecord): ParleyError {
  if (error === undefined) return new ParleyError({ code: 'step_failed', message: 'The attempt failed.' })
  // Codes of stored errors were codes when they were stored; one that is not known any more is treated as a failure.
  return new ParleyError({ code: error.code as ParleyError['code'], message: error.message })
}
