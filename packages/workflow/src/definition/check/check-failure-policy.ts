import type { FailurePolicySpec, RetrySpec } from '@parley/spec'
import type { FoundProblem } from './found-problem.ts'
import { isCount, isNotNegative } from './number-kinds.ts'

const actions: readonly string[] = ['retry', 'replan', 'skip', 'fail', 'abort', 'custom']

/** Policies that cannot work as written, and delays that are no times. */
export function checkFailurePolicy(policy: FailurePolicySpec | undefined, path: string): FoundProblem[] {
  if (policy === undefined) return []
  const found: FoundProblem[] = []
  const report = (field: string, message: string, fix: string): void => {
    found.push({ code: 'document_invalid', path: `${path}.${field}`, message, fix })
  }
  const { onValidationFail, onExecutionFail, fallbackAction, customHandler } = policy
  for (const [field, action] of Object.entries({ onValidationFail, onExecutionFail, fallbackAction })) {
    if (action !== undefined && !actions.includes(action))
      report(field, `${field} is "${action}".`, `Use one of ${actions.join(', ')}.`)
  }
  // The type leaves it out; a document may have it all the same.
  if ((fallbackAction as string | undefined) === 'retry')
    report('fallbackAction', 'fallbackAction "retry" would never end.', 'Use skip, fail, abort, replan or custom.')
  const isCustom = [onValidationFail, onExecutionFail, fallbackAction].includes('custom')
  if (isCustom && customHandler === undefined)
    report('customHandler', 'The action "custom" has no handler.', 'Name a registered handler in customHandler.')
  if (!isCount(policy.maxAttempts))
    report('maxAttempts', `maxAttempts is ${policy.maxAttempts}.`, 'Give a whole number of 1 or more.')
  if (policy.maxReplans !== 0 && !isCount(policy.maxReplans))
    report('maxReplans', `maxReplans is ${policy.maxReplans}.`, 'Give a whole number of 0 or more.')
  if (!isNotNegative(policy.retryDelay))
    report('retryDelay', `retryDelay is ${policy.retryDelay}.`, 'Give seconds of 0 or more.')
  if (!isNotNegative(policy.retryBackoff))
    report('retryBackoff', `retryBackoff is ${policy.retryBackoff}.`, 'Give a factor of 0 or more.')
  return found
}

/** Attempts and delays that are none. */
export function checkRetry(retry: RetrySpec | undefined, path: string): FoundProblem[] {
  if (retry === undefined) return []
  const found: FoundProblem[] = []
  const report = (field: string, value: number, fix: string): void => {
    found.push({ code: 'document_invalid', path: `${path}.${field}`, message: `${field} is ${value}.`, fix })
  }
  if (!isCount(retry.maxAttempts)) report('maxAttempts', retry.maxAttempts, 'Give a whole number of 1 or more.')
  for (const field of ['delay', 'backoff', 'maxDelay'] as const)
    if (!isNotNegative(retry[field])) report(field, retry[field], 'Give a number of 0 or more.')
  return found
}
