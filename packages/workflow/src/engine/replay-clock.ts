import type { Clock } from '@parley/spec'

interface Timer {
  atMs: number
  run: () => void
}

/**
 * A clock that jumps: whenever nothing is left to do but to wait, the next timer is due. `turn` calls on the next turn of
 * the loop.
 */
export function createReplayClock(startMs: number, turn: (run: () => void) => void): Clock {
  let nowMs = startMs
  let isAsked = false
  const timers = new Set<Timer>()
  const ask = (): void => {
    if (isAsked || timers.size === 0) return
    isAsked = true
    turn(() => {
      isAsked = false
      let first: Timer | undefined
      for (const timer of timers) if (first === undefined || timer.atMs < first.atMs) first = timer
      if (first === undefined) return
      timers.delete(first)
      nowMs = Math.max(nowMs, first.atMs)
      ask()
      first.run()
    })
  }
  const setTimer: Clock['setTimer'] = (delayMs, run) => {
    const timer = { atMs: nowMs + Math.max(0, delayMs), run }
    timers.add(timer)
    ask()
    return () => void timers.delete(timer)
  }
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    setTimer,
    sleep: (delayMs, { signal } = {}) =>
      new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason)
        const onAbort = (): void => {
          stop()
          reject(signal?.reason)
        }
        const stop = setTimer(delayMs, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
