import { sleepOn, type Clock, type Disposer } from '@parley/spec'

import { createTimerHeap } from './timer-heap.ts'
import type { TimerEntry } from './timer-heap.ts'

/** A `Clock` whose time stands still until the test moves it. */
export interface VirtualClock extends Clock {
  /** Moves time by `ms`, firing due timers in order of deadline, ties in order of setting; promises settle in between. */
  advance(ms: number): Promise<void>
  /** Fires timers, moving time as needed, until none is left and no promise is waiting for one. */
  runToRest(): Promise<void>
  /** Timers not yet fired or disposed. */
  readonly pending: number
}

/** Options of `createVirtualClock`. */
export interface VirtualClockOptions {
  /** Wall time at the start, ms since the epoch. @default 2026-01-01T00:00:00.000Z */
  now?: number
  /** Monotonic time at the start, ms. @default 0 */
  monotonicMs?: number
  /** Receives what a timer's callback throws. Without it the running `advance` or `runToRest` rejects with it at its end. */
  onError?: (error: unknown) => void
}

const defaultNow = Date.UTC(2026, 0, 1)
const maxFiredTimers = 1_000_000

/** One turn of the event loop: every promise that can settle without time passing has settled afterwards. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * Makes a clock for tests: nothing happens until `advance` or `runToRest` is called.
 * @throws from `advance` and `runToRest`: what a callback threw when no `onError` was given; an `Error` after a million
 * timers in one call, because timers that set each other for ever never come to rest.
 */
export function createVirtualClock({
  now = defaultNow,
  monotonicMs = 0,
  onError,
}: VirtualClockOptions = {}): VirtualClock {
  const heap = createTimerHeap()
  const wallOffsetMs = now - monotonicMs
  let currentMs = monotonicMs

  function setTimer(delayMs: number, run: () => void): Disposer {
    const entry = heap.push(currentMs + (delayMs > 0 ? delayMs : 0), run)
    return () => heap.dispose(entry)
  }

  async function fireUntil(limitMs: () => number): Promise<void> {
    const uncaught: unknown[] = []
    let fired = 0
    await settle()
    for (let entry = heap.popDue(limitMs()); entry !== undefined; entry = heap.popDue(limitMs())) {
      fire(entry, uncaught)
      fired += 1
      if (fired >= maxFiredTimers) {
        throw new Error(
          `The virtual clock fired ${maxFiredTimers} timers in one call: timers that set each other never come to rest.`,
        )
      }
      await settle()
    }
    if (uncaught.length === 1) throw uncaught[0]
    if (uncaught.length > 1) throw new AggregateError(uncaught, 'Several timers threw.')
  }

  function fire(entry: TimerEntry, uncaught: unknown[]): void {
    if (entry.atMs > currentMs) currentMs = entry.atMs
    try {
      entry.run()
    } catch (error) {
      if (onError === undefined) uncaught.push(error)
      else onError(error)
    }
  }

  return {
    now: () => wallOffsetMs + currentMs,
    monotonicMs: () => currentMs,
    setTimer,
    sleep: (delayMs, { signal } = {}) => sleepOn(setTimer, delayMs, signal),
    async advance(ms) {
      const targetMs = currentMs + (ms > 0 ? ms : 0)
      try {
        await fireUntil(() => targetMs)
      } finally {
        if (targetMs > currentMs) currentMs = targetMs
      }
    },
    runToRest: () => fireUntil(() => Number.POSITIVE_INFINITY),
    get pending() {
      return heap.size
    },
  }
}
