import type { Clock, Disposer } from '@parley/spec'

/** How often the shared tick comes, in milliseconds. */
export const TICK_MS = 20

/** What a tick drives. */
export interface Ticked {
  /** Called at each tick until it gives `false`. */
  tick(nowMs: number): boolean
}

/** One timer for all that is paced by a clock. */
export interface PacerTick {
  add(ticked: Ticked): void
  remove(ticked: Ticked): void
}

// One tick per clock and process: a tick each for hundreds of calls would be hundreds of timers. Weak, so a clock takes its tick along.
const ticks = new WeakMap<Clock, PacerTick>()

/** The tick of a clock; it holds a timer only while something runs. */
export function tickOf(clock: Clock): PacerTick {
  const known = ticks.get(clock)
  if (known !== undefined) return known
  const made = createTick(clock)
  ticks.set(clock, made)
  return made
}

function createTick(clock: Clock): PacerTick {
  const running = new Set<Ticked>()
  let anchorMs = 0
  let timer: Disposer | undefined
  let isTicking = false

  const arm = (): void => {
    const nowMs = clock.monotonicMs()
    // From the anchor rather than from now, so that late timers do not add up.
    const next = anchorMs + (Math.floor((nowMs - anchorMs) / TICK_MS) + 1) * TICK_MS
    timer = clock.setTimer(next - nowMs, run)
  }

  const run = (): void => {
    timer = undefined
    isTicking = true
    const nowMs = clock.monotonicMs()
    let failure: { error: unknown } | undefined
    for (const ticked of running) {
      try {
        if (!ticked.tick(nowMs)) running.delete(ticked)
      } catch (error) {
        // The others are served first; what was thrown then goes where the clock sends it.
        failure ??= { error }
      }
    }
    isTicking = false
    if (running.size > 0) arm()
    if (failure !== undefined) throw failure.error
  }

  return {
    add(ticked) {
      running.add(ticked)
      if (timer !== undefined || isTicking) return
      anchorMs = clock.monotonicMs()
      arm()
    },
    remove(ticked) {
      running.delete(ticked)
      if (running.size > 0) return
      timer?.()
      timer = undefined
    },
  }
}
