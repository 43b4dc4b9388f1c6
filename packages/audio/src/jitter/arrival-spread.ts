/** How far apart arrivals are from an even pace. */
export interface ArrivalSpread {
  /** Counts an arrival of a frame that was due `dueMs` after the first, on the sender's pace. */
  add(dueMs: number, atMs: number): void
  /** 95 of 100 of the last arrivals were at most this much later than the earliest, in milliseconds; undefined before 20. */
  readonly p95Ms: number | undefined
  reset(): void
}

const keptArrivals = 100
const minArrivals = 20
/** Sorting is the cost of it, so it is done for every tenth arrival. */
const arrivalsPerEstimate = 10

/** Makes an estimate over the last 100 arrivals. */
export function createArrivalSpread(): ArrivalSpread {
  const delays = new Float64Array(keptArrivals)
  const sorted = new Float64Array(keptArrivals)
  let count = 0
  let p95Ms: number | undefined

  const estimate = (): void => {
    const used = Math.min(count, keptArrivals)
    sorted.set(delays)
    // What is not used yet sorts to the end.
    sorted.fill(Infinity, used)
    sorted.sort()
    const at = Math.ceil(used * 0.95) - 1
    p95Ms = (sorted[at] as number) - (sorted[0] as number) // at least 20 are used
  }

  return {
    add(dueMs, atMs) {
      delays[count % keptArrivals] = atMs - dueMs
      count += 1
      if (count >= minArrivals && count % arrivalsPerEstimate === 0) estimate()
    },
    get p95Ms() {
      return p95Ms
    },
    reset() {
      count = 0
      p95Ms = undefined
    },
  }
}
