import type { CallView, Clock, Disposer } from '@parley/spec'

type Heard = Extract<CallView, { type: 'heard' }>

/** Shows what was heard, at most once per interval; a cut at once, and the last word always. */
export interface HeardThrottle {
  show(view: Heard): void
  close(): void
}

/** Makes a throttle over `send`. */
export function createHeardThrottle(clock: Clock, intervalMs: number, send: (view: Heard) => void): HeardThrottle {
  let lastMs = Number.NEGATIVE_INFINITY
  let waiting: Heard | undefined
  let timer: Disposer | undefined
  const flush = (): void => {
    timer?.()
    timer = undefined
    if (waiting === undefined) return
    const view = waiting
    waiting = undefined
    lastMs = clock.monotonicMs()
    send(view)
  }
  return {
    show(view) {
      // Of another utterance: what waits of the one before is its last word.
      if (waiting !== undefined && waiting.utteranceId !== view.utteranceId) flush()
      waiting = view
      const dueMs = lastMs + intervalMs - clock.monotonicMs()
      if (dueMs <= 0 || view.cut !== undefined) flush()
      else timer ??= clock.setTimer(dueMs, flush)
    },
    close() {
      timer?.()
      timer = undefined
      waiting = undefined
    },
  }
}
