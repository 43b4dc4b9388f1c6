import type { Clock } from '@parley/spec'

/** Resolves when the work is done, or after so many milliseconds without it. The work's error is thrown. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const cancel = clock.setTimer(ms, () => late.resolve())
  try {
    await Promise.race([work, late.promise])
  } finally {
    cancel()
  }
}
