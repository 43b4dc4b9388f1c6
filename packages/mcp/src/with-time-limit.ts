import type { Clock } from '@parley/spec'

/** The official client has timers of its own; this is the longest, so that ours decide. */
const NEVER_MS = 2 ** 31 - 1

/** How long a request may take. */
export interface TimeLimit {
  signal: AbortSignal
  clock: Clock
  limitMs: number
  /** The error of a request that took longer. */
  late: () => Error
}

/** What a request of the official client is bounded by. */
export interface LimitedRequest {
  signal: AbortSignal
  timeout: number
  /** Starts the time anew. */
  restart: () => void
}

/**
 * Runs requests under a caller's signal and a limit of time. Whichever ends them is the error that is thrown, and the
 * server is not told which: reasons are not its business.
 */
export async function withTimeLimit<T>(
  { signal, clock, limitMs, late }: TimeLimit,
  run: (limit: LimitedRequest) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const stopped = new AbortController()
  let reason: unknown
  const stop = (why: unknown): void => {
    if (stopped.signal.aborted) return
    reason = why
    stopped.abort('The caller stopped waiting.')
  }
  const start = (): (() => void) => clock.setTimer(limitMs, () => stop(late()))
  let cancel = start()
  const leave = (): void => stop(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  const restart = (): void => {
    cancel()
    if (!stopped.signal.aborted) cancel = start()
  }
  try {
    return await run({ signal: stopped.signal, timeout: NEVER_MS, restart })
  } catch (error) {
    throw stopped.signal.aborted ? reason : error
  } finally {
    cancel()
    signal.removeEventListener('abort', leave)
  }
}
