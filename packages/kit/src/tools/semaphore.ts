import { untilAborted } from '../agent/until-aborted.ts'

/** Lets a number of pieces of work run at once; others wait in order. */
export interface Semaphore {
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>
}

/** Makes a semaphore of `places`. */
export function createSemaphore(places: number): Semaphore {
  let free = places
  const waiting: (() => void)[] = []
  const leave = (): void => {
    const next = waiting.shift()
    if (next === undefined) free++
    else next()
  }
  return {
    async run(work, signal) {
      if (free > 0) free--
      else await enter(waiting, signal)
      try {
        return await work()
      } finally {
        leave()
      }
    },
  }
}

async function enter(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  let admit = (): void => {}
  const turn = new Promise<void>((resolve) => {
    admit = resolve
  })
  waiting.push(admit)
  try {
    await untilAborted(turn, signal)
  } catch (thrown) {
    const place = waiting.indexOf(admit)
    if (place !== -1) waiting.splice(place, 1)
    throw thrown
  }
}
