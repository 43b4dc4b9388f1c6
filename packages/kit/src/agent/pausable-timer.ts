import type { Clock, Disposer } from '@parley/spec'

/** A timer that stands still while somebody is waited for. */
export interface PausableTimer {
  /** Stops the time until the disposer is called; pauses may overlap. */
  pause(): Disposer
  dispose(): void
}

/** Starts a timer of `limitMs` over the clock. */
export function createPausableTimer(clock: Clock, limitMs: number, run: () => void): PausableTimer {
  let leftMs = limitMs
  let pauses = 0
  let startedMs = clock.monotonicMs()
  let isOver = false
  const start = (): Disposer => {
    startedMs = clock.monotonicMs()
    return clock.setTimer(leftMs, () => {
      isOver = true
      run()
    })
  }
  let stop = start()
  return {
    pause() {
      pauses++
      if (pauses === 1 && !isOver) {
        stop()
        leftMs = Math.max(0, leftMs - (clock.monotonicMs() - startedMs))
      }
      let isPaused = true
      return () => {
        if (!isPaused) return
        isPaused = false
        pauses--
        if (pauses === 0 && !isOver) stop = start()
      }
    },
    dispose() {
      isOver = true
      stop()
    },
  }
}
