import type { Channel, Clock } from '@parley/spec'

/** How often messages may come in by a channel. */
export interface InboundLimits {
  /** Takes one; gives how long to wait when there is none. */
  take(channel: Channel): number | undefined
}

interface Bucket {
  tokens: number
  atMs: number
}

/** A bucket per channel that declares a limit; channels without one cost nothing. */
export function createInboundLimits(clock: Clock): InboundLimits {
  const buckets = new Map<string, Bucket>()
  return {
    take({ channelId, inboundRate }) {
      if (inboundRate === undefined) return undefined
      const capacity = Math.max(1, inboundRate.burst)
      const nowMs = clock.monotonicMs()
      const bucket = buckets.get(channelId) ?? { tokens: capacity, atMs: nowMs }
      bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.atMs) / 1_000) * inboundRate.perSecond)
      bucket.atMs = nowMs
      buckets.set(channelId, bucket)
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / inboundRate.perSecond) * 1_000)
      bucket.tokens -= 1
      return undefined
    },
  }
}
