import type { Clock, RateLimit, RateLimiter } from '@parley/spec'

/** What happens at a rate: tokens come back with time, at most `burst` of them. */
export interface TokenBucket {
  /** Takes tokens if they are there. @returns 0 when taken, else the wait until they are there, ms */
  take(cost?: number): number
  /** Whether nothing was taken lately, so a new bucket would be the same. */
  readonly isFull: boolean
}

/** Makes a full bucket. It holds at least one token, so rates below one per second work. */
export function createTokenBucket(clock: Pick<Clock, 'monotonicMs'>, { perSecond, burst }: RateLimit): TokenBucket {
  const capacity = Math.max(1, burst)
  let tokens = capacity
  let asOfMs = clock.monotonicMs()

  const refill = (): void => {
    const nowMs = clock.monotonicMs()
    tokens = Math.min(capacity, tokens + ((nowMs - asOfMs) / 1_000) * perSecond)
    asOfMs = nowMs
  }

  return {
    take(cost = 1) {
      refill()
      // More than the bucket holds is let through when it is full, or it would wait for ever.
      const wanted = Math.min(cost, capacity)
      const missing = wanted - tokens
      // A hair of a token may be missing for arithmetic reasons alone.
      if (missing > 1e-9) return Math.max(1, Math.ceil((missing / perSecond) * 1_000))
      tokens -= wanted
      return 0
    },
    get isFull() {
      refill()
      return tokens >= capacity
    },
  }
}

/** Buckets are looked through for full ones once there are so many. */
const SWEEP_AT = 1_024

/** Makes a limiter with one bucket per key; buckets that are full again are forgotten. */
export function createRateLimiter(clock: Pick<Clock, 'monotonicMs'>, limit: RateLimit): RateLimiter {
  const buckets = new Map<string, TokenBucket>()
  let sweepAt = SWEEP_AT
  return {
    async take(key, cost) {
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        if (buckets.size >= sweepAt) {
          for (const [known, candidate] of buckets) if (candidate.isFull) buckets.delete(known)
          sweepAt = Math.max(SWEEP_AT, buckets.size * 2)
        }
        bucket = createTokenBucket(clock, limit)
        buckets.set(key, bucket)
      }
      const waitMs = bucket.take(cost)
      return waitMs === 0 ? { allowed: true } : { allowed: false, retryAfterMs: waitMs }
    },
  }
}
