/** The last of a person's sound that the recognizer was not given. */
export interface WithheldSound {
  /** How many samples are kept. */
  readonly length: number
  /** Keeps samples, which are copied. @returns how many older ones are kept no longer */
  add(samples: Int16Array): number
  /** Gives what is kept, oldest first, as views that hold until the next `add`; then nothing is kept. */
  take(): Int16Array[]
  /** Keeps nothing any more. @returns how many samples were kept */
  drop(): number
}

/** Makes an empty one for so many samples. */
export function createWithheldSound(capacity: number): WithheldSound {
  const ring = new Int16Array(capacity)
  let start = 0
  let count = 0

  const drop = (): number => {
    const dropped = count
    start = 0
    count = 0
    return dropped
  }

  return {
    get length() {
      return count
    },
    add(samples) {
      const given = samples.length > capacity ? samples.subarray(samples.length - capacity) : samples
      const over = Math.max(0, count + given.length - capacity)
      start = (start + over) % capacity
      count -= over
      const at = (start + count) % capacity
      const first = Math.min(given.length, capacity - at)
      ring.set(given.subarray(0, first), at)
      ring.set(given.subarray(first), 0)
      count += given.length
      return over + samples.length - given.length
    },
    take() {
      const end = start + count
      const views = [ring.subarray(start, Math.min(end, capacity)), ring.subarray(0, Math.max(0, end - capacity))]
      drop()
      return views.filter((view) => view.length > 0)
    },
    drop,
  }
}
