import type { Clock, Instant } from '@parley/spec'

/** Gives the present instant; within one millisecond the same text, which is made once. */
export function createInstants(clock: Clock): () => Instant {
  let lastMs = Number.NaN
  let last = ''
  return () => {
    const nowMs = clock.now()
    if (nowMs !== lastMs) {
      lastMs = nowMs
      last = new Date(nowMs).toISOString()
    }
    return last
  }
}
