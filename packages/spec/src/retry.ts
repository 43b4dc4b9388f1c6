import type { RetryPolicy } from './channel.ts'

/** Three retries from one second, doubling, at most a minute, fully jittered. */
export const defaultRetryPolicy: RetryPolicy = { retries: 3, baseMs: 1_000, factor: 2, capMs: 60_000, jitter: 'full' }

/**
 * How long to wait before a retry.
 * @param retry - 1 for the first retry
 * @param random - in [0, 1)
 * @param retryAfterMs - what the provider asked for; honoured within the cap
 */
export function retryDelayMs(policy: RetryPolicy, retry: number, random: number, retryAfterMs?: number): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, policy.capMs)
  const ceiling = Math.min(policy.capMs, policy.baseMs * policy.factor ** (retry - 1))
  return policy.jitter === 'full' ? ceiling * random : ceiling
}
