/** The last seconds of one side of a call, by the call's clock; what was not placed is silence. */
export interface Timeline {
  /** Adds samples from a position on (in samples since the start of the call); a part that has left memory is dropped. */
  add(position: number, samples: Int16Array): void
  /** Silences a stretch after `fadeSamples` of fade. `to` may be `Infinity`. */
  silence(from: number, to: number, fadeSamples: number): void
  /** Copies and forgets everything before `to`, oldest first. */
  take(to: number, into: (samples: Int16Array) => void): void
  /** First position still in memory. */
  readonly start: number
  /** Position after the last one that a sample was added at. */
  readonly end: number
}

/** Makes a ring of `capacity` samples; in steady state nothing is allocated. */
export function createTimeline(capacity: number): Timeline {
  const ring = new Int16Array(capacity)
  let start = 0
  let end = 0

  return {
    add(position, samples) {
      const skipped = Math.max(0, start - position)
      // What lies too far ahead for the ring is dropped: the owner takes before it adds.
      const count = Math.min(samples.length, start + capacity - position)
      for (let index = skipped; index < count; index++) {
        const place = (position + index) % capacity
        const sum = (ring[place] ?? 0) + (samples[index] ?? 0)
        ring[place] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum
      }
      if (count > skipped) end = Math.max(end, position + count)
    },
    silence(from, to, fadeSamples) {
      const first = Math.max(from, start)
      const last = Math.min(to, end)
      for (let position = first; position < last; position++) {
        const place = position % capacity
        const left = fadeSamples - (position - from)
        ring[place] = left > 0 ? Math.round(((ring[place] ?? 0) * left) / fadeSamples) : 0
      }
    },
    take(to, into) {
      while (start < to) {
        const place = start % capacity
        const count = Math.min(to - start, capacity - place)
        const part = ring.subarray(place, place + count)
        into(part)
        part.fill(0)
        start += count
      }
      end = Math.max(end, start)
    },
    get start() {
      return start
    },
    get end() {
      return end
    },
  }
}
