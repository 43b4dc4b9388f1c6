/** Numbers that look random and are the same for the same seed. */
export interface SeededRandom {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T
}

/** Mulberry32: small, fast and good enough for demo data. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    between,
    pick<T>(list: readonly T[]): T {
      // The index is within a list that the caller promises is not empty.
      return list[between(0, list.length - 1)] as T
    },
  }
}
