import type { FailureActionName, FailurePolicySpec, RetrySpec } from '@parley/spec'
import { z } from 'zod'
import { defaultRetry } from '../../definition/step-defaults.ts'
import { defaultFailurePolicy } from '../../failure/failure-policy.ts'
import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import { readShape } from '../read-shape.ts'
import { camelFields } from '../wire-fields.ts'

/** Attempts that a step may have. */
const maxAttempts = 20

const action = z.enum(['retry', 'replan', 'skip', 'fail', 'abort', 'custom'])
const attempts = z.number().int().min(1).max(maxAttempts)
const seconds = z.number().min(0)

const policyShape = z.strictObject({
  on_validation_fail: action.optional(),
  on_execution_fail: action.optional(),
  max_attempts: attempts.optional(),
  max_replans: z.number().int().min(0).optional(),
  retry_with_feedback: z.boolean().optional(),
  retry_delay: seconds.optional(),
  retry_backoff: z.number().gt(0).optional(),
  fallback_action: action.exclude(['retry']).optional(),
  custom_handler: z.string().min(1).optional(),
})

const retryShape = z.strictObject({
  max_attempts: attempts.optional(),
  delay: seconds.optional(),
  backoff: z.number().gt(0).optional(),
  max_delay: seconds.optional(),
  jitter: z.boolean().optional(),
})

/** Reads which failure leads to what. */
export function readFailurePolicy(
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): FailurePolicySpec | undefined {
  const read = readShape(policyShape, value, at, problems)
  return read === undefined ? undefined : { ...defaultFailurePolicy, ...camelFields(read) }
}

/** Reads one action that stands for a whole policy. */
export function readFailureAction(
  value: unknown,
  at: DocumentPath,
  problems: DocumentProblems,
): FailurePolicySpec | undefined {
  const read: FailureActionName | undefined = readShape(action, value, at, problems)
  return read === undefined ? undefined : { ...defaultFailurePolicy, onValidationFail: read, onExecutionFail: read }
}

/** Reads how often and after which delays a step is tried again. */
export function readRetry(value: unknown, at: DocumentPath, problems: DocumentProblems): RetrySpec | undefined {
  const read = readShape(retryShape, value, at, problems)
  return read === undefined ? undefined : { ...defaultRetry(defaultFailurePolicy.maxAttempts), ...camelFields(read) }
}
