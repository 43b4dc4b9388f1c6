import { ParleyError, type RetrySpec } from '@parley/spec'
import type { FailurePolicy } from './failure-policy.ts'
import type { StepConfigOptions } from './step-config.ts'

/**
 * How often and after which delays a step is tried again, from whichever of the spellings was used. Without a number of
 * attempts, those of the policy hold; nothing at all: the policy decides alone.
 * @throws {ParleyError} `invalid_options` when the number of attempts is spelled in two ways, or delays in two places
 */
export function readRetryOptions(
  step: string,
  retry: Partial<RetrySpec> | undefined,
  { retries, retryDelay, retryBackoff, retryJitter }: Readonly<StepConfigOptions>,
  policy: FailurePolicy | undefined,
): Partial<RetrySpec> | undefined {
  const spellings = {
    retries: retries !== undefined,
    maxRetries: policy?.isGiven('maxRetries') === true,
    maxAttempts: retry?.maxAttempts !== undefined || policy?.isGiven('maxAttempts') === true,
  }
  const used = Object.entries(spellings).flatMap(([spelling, isUsed]) => (isUsed ? [spelling] : []))
  if (used.length > 1) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `The step "${step}" says in ${used.length} ways how often it is tried: ${used.join(', ')}. Keep one of them; maxAttempts counts the first attempt too.`,
      details: { path: used[1] ?? '' },
    })
  }
  const delays = { retryDelay, retryBackoff, retryJitter }
  const beside = Object.entries(delays).find(([, value]) => value !== undefined)?.[0]
  if (retry !== undefined) {
    if (beside === undefined) return definedOf(retry)
    throw new ParleyError({
      code: 'invalid_options',
      message: `The step "${step}" has retry and ${beside}. Put it into retry.`,
      details: { path: beside },
    })
  }
  if (retries === undefined && beside === undefined) return undefined
  return definedOf({
    maxAttempts: retries === undefined ? undefined : retries + 1,
    delay: retryDelay,
    backoff: retryBackoff,
    jitter: retryJitter,
  })
}

function definedOf(retry: { [Key in keyof RetrySpec]?: RetrySpec[Key] | undefined }): Partial<RetrySpec> {
  // What is left has the types of a RetrySpec: only absent fields are taken away.
  return Object.fromEntries(Object.entries(retry).filter(([, value]) => value !== undefined)) as Partial<RetrySpec>
}
