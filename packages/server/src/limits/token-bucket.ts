import type { Clock, RateLimiter, RateLimit } from '@parley/spec'

/**
 * A rate limiter of one process: a bucket per key, filled evenly. Buckets that are full again are forgotten, so memory
 * follows the callers of the last moments, and never more than `maxKeys` are held.
 */
export function createTokenBucket({
  perSecond,
  burst,
  clock,
  maxKeys = 10_000,
}: RateLimit & { clock: Clock; maxKeys?: number }): RateLimiter & { takeNow(key: string, cost?: number): number } {
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  /** 0 when allowed, else the milliseconds until it would be. */
  const takeNow = (key: string, cost = 1): number => {
    const nowMs = clock.monotonicMs()
    const held = buckets.get(key)
    const tokens = held === undefined ? burst : Math.min(burst, held.tokens + ((nowMs - held.atMs) * perSecond) / 1_000)
    buckets.delete(key)
    const isAllowed = tokens >= cost
    buckets.set(key, { tokens: isAllowed ? tokens - cost : tokens, atMs: nowMs })
    if (buckets.size > maxKeys) forgetOldest(buckets)
    return isAllowed ? 0 : Math.ceil(((cost - tokens) * 1_000) / perSecond)
  }
  return {
    takeNow,
    async take(key, cost) {
      const retryAfterMs = takeNow(key, cost)
      return retryAfterMs === 0 ? { allowed: true } : { allowed: false, retryAfterMs }
    },
  }
}

function forgetOldest(buckets: Map<string, unknown>): void {
  const oldest = buckets.keys().next()
  if (!oldest.done) buckets.delete(oldest.value)
}
