import type { AttemptRecord, FailureClass, ParleyError } from '@parley/spec'
import type { Attempt } from './attempt.ts'
import { toRunError } from './failure.ts'
import { instant } from './run-scope.ts'

/** How an attempt failed. */
export interface AttemptFailure {
  error: ParleyError
  class: FailureClass
}

/** Writes how an attempt stands or ended; it is committed with what came of it. */
export function keepAttempt(attempt: Attempt, status: AttemptRecord['status'], failure?: AttemptFailure): void {
  attempt.scope.writer.attempt(recordAttempt(attempt, status, failure))
}

/** How an attempt stands or ended, for whoever writes it. */
export function recordAttempt(
  attempt: Attempt,
  status: AttemptRecord['status'],
  failure?: AttemptFailure,
): AttemptRecord {
  const { scope, startedMs } = attempt
  const nowMs = scope.clock.now()
  const record: AttemptRecord = {
    runId: scope.run.id,
    stepKey: attempt.stepKey,
    attempt: attempt.number,
    dispatch: attempt.dispatch,
    status,
    startedAt: instant(scope, startedMs),
    receiptIds: attempt.receiptIds,
  }
  if (status !== 'running') {
    record.endedAt = instant(scope, nowMs)
    record.durationMs = nowMs - startedMs
  }
  if (attempt.before > 0) record.before = attempt.before
  if (scope.run.planVersion > 1) record.plan = scope.run.planVersion
  if (failure !== undefined) {
    record.class = failure.class
    record.error = toRunError(failure.error, failure.class)
  }
  attempt.isKept = status !== 'running'
  return record
}
