import type { Clock } from '@parley/spec'

/** What came of work with a time limit. */
export type Timed<Value> = { done: true; value: Value } | { done: false }

/** Time and the end of waiting. */
export interface Waiting {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Waits for work, at most `timeoutMs`. What comes later is dropped.
 * @throws what the work rejects with; the reason of `signal` when it aborts first
 */
export function withinTime<Value>(
  work: Promise<Value>,
  timeoutMs: number,
  { clock, signal }: Waiting,
): Promise<Timed<Value>> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      dispose()
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => {
      finish()
      reject(signal.reason)
    }
    const dispose = clock.setTimer(timeoutMs, () => {
      finish()
      resolve({ done: false })
    })
    work.then(
      (value) => {
        finish()
        resolve({ done: true, value })
      },
      (error: unknown) => {
        finish()
        reject(error)
      },
    )
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
