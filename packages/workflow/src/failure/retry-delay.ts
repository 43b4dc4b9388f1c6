import type { RetrySpec } from '@parley/spec'

/**
 * Milliseconds before the attempt after a failed one.
 * @param attempt - the one that failed, from 1
 * @param random - in [0, 1)
 */
export function retryDelayOf(
  { delay, backoff, maxDelay, jitter }: RetrySpec,
  attempt: number,
  random: number,
  compat: { backoffFromFirst?: boolean } = {},
): number {
  const exponent = compat.backoffFromFirst === true ? attempt : attempt - 1
  const factor = jitter ? 0.5 + random : 1
  return Math.min(maxDelay, delay * backoff ** exponent * factor) * 1000
}
