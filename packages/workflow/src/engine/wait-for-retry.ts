import {
  executionRetryContext,
  validationRetryContext,
  type ContractFault,
  type ParleyError,
  type RetryContext,
} from '@parley/spec'
import { retryDelayOf } from '../failure/retry-delay.ts'
import type { Attempt } from './attempt.ts'
import { classOf } from './failure.ts'
import { note, tell, type RunScope } from './run-scope.ts'

/** The longest time that a provider is given when it says when to come back, in milliseconds. */
const MAX_RETRY_AFTER_MS = 60_000

/** How a wait between two attempts ended. */
export type RetryWait =
  | { type: 'retry'; context: RetryContext | undefined }
  | { type: 'cancelled' }
  | { type: 'parked' }

/** Waits for the next attempt; ends at once when there will be none, or not now. */
export async function waitForRetry(
  attempt: Attempt,
  error: ParleyError,
  faults: readonly ContractFault[],
  { seq, signal }: { seq: number; signal: AbortSignal | undefined },
): Promise<RetryWait> {
  const { scope, prepared, stepKey } = attempt
  const { retry, policy } = prepared.recovery
  const compat = scope.workflow.compiled.definition.compat
  const random = retry.jitter ? scope.ids.random() : 0
  const delayMs = Math.max(retryDelayOf(retry, attempt.number - attempt.before, random, compat), retryAfterOf(error))
  const data = { class: classOf(error), delay_ms: Math.round(delayMs), attempt: attempt.number + 1 }
  note(scope, 'step_retry', attempt.place, data)
  if (delayMs > 0) {
    scope.writer.stepRun({
      runId: scope.run.id,
      stepKey,
      step: prepared.step.id,
      status: 'retrying',
      seq,
      attempts: attempt.number,
      costNanoUsd: attempt.costNanoUsd,
      receiptIds: [...attempt.receiptIds],
      retryAt: new Date(scope.clock.now() + delayMs).toISOString(),
    })
    await scope.writer.flush()
  }
  const told = tell(scope, 'onStepRetry', attempt.place, data)
  if (told !== undefined) await told
  if (delayMs > 0) {
    const end = await sleepUnlessHalted(scope, delayMs, signal)
    if (end !== 'slept') return { type: end }
  }
  if (!policy.retryWithFeedback) return { type: 'retry', context: undefined }
  const context =
    faults.length > 0
      ? validationRetryContext(attempt.number, [...faults])
      : executionRetryContext(attempt.number, classOf(error))
  return { type: 'retry', context }
}

/** Sleeps until the instant that the journal knows for the next attempt of a step. */
export async function waitForStoredRetry(
  scope: RunScope,
  stepKey: string,
  signal: AbortSignal | undefined,
): Promise<'slept' | 'cancelled' | 'parked'> {
  const retryAt = scope.recorded.get(stepKey)?.retryAt
  const delayMs = retryAt === undefined ? 0 : Date.parse(retryAt) - scope.clock.now()
  return delayMs <= 0 ? 'slept' : sleepUnlessHalted(scope, delayMs, signal)
}

/** A sleep that a decision, a pause, or the end of the items that it belongs to cuts short. */
async function sleepUnlessHalted(
  scope: RunScope,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<'slept' | 'cancelled' | 'parked'> {
  // Whoever looks at the run meanwhile sees that it is at work.
  scope.writer.flushSoon()
  const halted = new AbortController()
  let how: 'cancelled' | 'parked' | undefined
  const dropHalt = scope.onHalt((halt) => {
    how = halt === 'stop' ? 'cancelled' : 'parked'
    halted.abort()
  })
  try {
    const outer = signal ?? scope.signal
    await scope.clock.sleep(delayMs, { signal: AbortSignal.any([outer, halted.signal]) })
    return 'slept'
  } catch {
    // A sleep rejects with the reason of its signal alone, which is known here.
    return how ?? 'cancelled'
  } finally {
    dropHalt()
  }
}

function retryAfterOf({ details }: ParleyError): number {
  const after = details['retryAfterMs']
  return typeof after === 'number' && after > 0 ? Math.min(MAX_RETRY_AFTER_MS, after) : 0
}
