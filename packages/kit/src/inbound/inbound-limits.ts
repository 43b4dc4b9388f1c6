import type { Channel, Clock } from '@parley/spec'
import { createTokenBucket, type TokenBucket } from '../delivery/token-bucket.ts'

/** How often messages may come in by a channel. */
export interface InboundLimits {
  /** Takes one; gives how long to wait when there is none. */
  take(channel: Channel): number | undefined
}

/** A bucket per channel that declares a limit; channels without one cost nothing. */
export function createInboundLimits(clock: Clock): InboundLimits {
  const buckets = new Map<string, TokenBucket>()
  return {
    take({ channelId, inboundRate }) {
      if (inboundRate === undefined) return undefined
      const bucket = buckets.get(channelId) ?? createTokenBucket(clock, inboundRate)
      buckets.set(channelId, bucket)
      const waitMs = bucket.take()
      return waitMs === 0 ? undefined : Math.ceil(waitMs)
    },
  }
}
