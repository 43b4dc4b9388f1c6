import { ParleyError } from '@parley/spec'
import type { RunScope } from './run-scope.ts'

/** How long work that was told to end may take to do so. */
export const GRACE_MS = 1_000

/**
 * Waits for the work of an attempt, but not beyond the grace that it has after its timeout, after its `signal`, or after
 * the run has been decided. What comes later is nobody's: `onLate` is told.
 */
export function fenced<T>(
  scope: RunScope,
  work: Promise<T>,
  {
    timeoutMs,
    signal,
    abort,
    onLate,
  }: { timeoutMs?: number; signal?: AbortSignal; abort: (error: ParleyError) => void; onLate: () => void },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let isOver = false
    let timeout: ParleyError | undefined
    let stopTimer = (): void => {}
    let stopGrace = (): void => {}
    const over = (settle: () => void): void => {
      if (isOver) return
      isOver = true
      stopTimer()
      stopGrace()
      signal?.removeEventListener('abort', onAbort)
      dropFence()
      settle()
    }
    const fence = (): void =>
      over(() => reject(new ParleyError({ code: 'step_failed', message: 'The run ended before the step did.' })))
    const onAbort = (): void => {
      stopGrace = scope.clock.setTimer(GRACE_MS, fence)
    }
    const dropFence = scope.onFence(fence)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    if (timeoutMs !== undefined) {
      stopTimer = scope.clock.setTimer(timeoutMs, () => {
        timeout = new ParleyError({
          code: 'step_timeout',
          message: `The step took longer than ${timeoutMs} ms. Raise its timeout or let it do less.`,
          details: { timeoutMs },
        })
        abort(timeout)
        stopTimer = scope.clock.setTimer(GRACE_MS, () => over(() => reject(timeout ?? new Error('timeout'))))
      })
    }
    const settled = (settle: () => void): void => {
      if (isOver) onLate()
      else over(settle)
    }
    work.then(
      (value) => settled(() => (timeout === undefined ? resolve(value) : reject(timeout))),
      (error: unknown) => settled(() => reject(timeout ?? error)),
    )
  })
}
