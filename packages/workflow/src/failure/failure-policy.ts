import type { FailurePolicySpec, RetrySpec, StepDefinition } from '@parley/spec'

/** What holds where neither a step, nor its workflow, nor the engine says anything. */
export const defaultFailurePolicy: FailurePolicySpec = {
  onValidationFail: 'retry',
  onExecutionFail: 'retry',
  maxAttempts: 2,
  maxReplans: 2,
  retryWithFeedback: true,
  retryDelay: 0,
  retryBackoff: 1,
}

/** Seconds between two attempts at the most, unless a step says otherwise. */
const MAX_DELAY_SECONDS = 60

/** What a step does about its failures: the whole policy nearest to it, and its own times of trying again. */
export interface Recovery {
  readonly policy: FailurePolicySpec
  readonly retry: RetrySpec
}

/** The policy of a step: its own, else that of its workflow, else that of the engine. Nothing is mixed but the delays. */
export function recoveryOf(
  step: Pick<StepDefinition, 'failurePolicy' | 'retry'> & { kind?: StepDefinition['kind'] },
  workflow: FailurePolicySpec | undefined,
  engine: FailurePolicySpec = defaultFailurePolicy,
  workflowRetry?: RetrySpec,
): Recovery {
  const policy = step.failurePolicy ?? workflow ?? engine
  const isInherited = step.failurePolicy === undefined
  const retry = step.retry ??
    (isInherited && step.kind !== 'region' ? workflowRetry : undefined) ?? {
      // The steps inside of a region have their attempts: it has more than one only where it says so itself.
      maxAttempts: isInherited && step.kind === 'region' ? 1 : policy.maxAttempts,
      delay: policy.retryDelay,
      backoff: policy.retryBackoff,
      maxDelay: MAX_DELAY_SECONDS,
      jitter: true,
    }
  return { policy, retry }
}
