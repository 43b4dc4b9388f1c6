/** What a frame that was taken carried. */
export interface TakenFrame<T> {
  tag: T | undefined
  isLast: boolean
}

/** Whole frames that wait, with the tag of each; grows to what is needed and shrinks when it is empty. */
export interface FrameQueue<T> {
  /** Adds samples; the tag of a frame is that of its first sample. */
  push(samples: Int16Array, tag: T | undefined): void
  /** Fills the begun frame with silence and marks the last frame that waits as the last of its segment. */
  flush(): void
  /** Copies the oldest frame into `target` and says what it carried; the answer is the same object each time. */
  take(target: Int16Array): TakenFrame<T> | undefined
  clear(): void
  /** Whole frames. */
  readonly frames: number
  /** Samples of the begun frame. */
  readonly begun: number
}

const initialFrames = 16
/** An empty queue larger than this gives its memory back. */
const keptFrames = 128

/** Makes a queue of frames of that many samples. In steady state nothing is allocated. */
export function createFrameQueue<T>(frameLength: number): FrameQueue<T> {
  let capacity = initialFrames
  let store = new Int16Array(capacity * frameLength)
  let tags: (T | undefined)[] = Array.from({ length: capacity })
  let lasts = new Uint8Array(capacity)
  let head = 0
  let frames = 0
  let begun = 0
  const taken: TakenFrame<T> = { tag: undefined, isLast: false }

  const slot = (index: number): number => (head + index) % capacity

  const resize = (nextCapacity: number): void => {
    const nextStore = new Int16Array(nextCapacity * frameLength)
    const nextTags: (T | undefined)[] = Array.from({ length: nextCapacity })
    const nextLasts = new Uint8Array(nextCapacity)
    const used = begun > 0 ? frames + 1 : frames
    for (let index = 0; index < used; index++) {
      const from = slot(index)
      nextStore.set(store.subarray(from * frameLength, (from + 1) * frameLength), index * frameLength)
      nextTags[index] = tags[from]
      nextLasts[index] = lasts[from] ?? 0
    }
    store = nextStore
    tags = nextTags
    lasts = nextLasts
    capacity = nextCapacity
    head = 0
  }

  return {
    push(samples, tag) {
      const needed = frames + 1 + Math.ceil((begun + samples.length) / frameLength)
      if (needed > capacity) resize(Math.max(needed, capacity * 2))
      let from = 0
      while (from < samples.length) {
        const at = slot(frames)
        if (begun === 0) {
          tags[at] = tag
          lasts[at] = 0
        }
        const count = Math.min(frameLength - begun, samples.length - from)
        const offset = at * frameLength + begun
        for (let index = 0; index < count; index++) store[offset + index] = samples[from + index] as number // both below their lengths
        from += count
        begun += count
        if (begun < frameLength) continue
        begun = 0
        frames += 1
      }
    },
    flush() {
      if (begun > 0) {
        const offset = slot(frames) * frameLength
        store.fill(0, offset + begun, offset + frameLength)
        begun = 0
        frames += 1
      }
      if (frames > 0) lasts[slot(frames - 1)] = 1
    },
    take(target) {
      if (frames === 0) return undefined
      const offset = head * frameLength
      for (let index = 0; index < frameLength; index++) target[index] = store[offset + index] as number // inside the frame
      taken.tag = tags[head]
      taken.isLast = lasts[head] === 1
      tags[head] = undefined
      head = slot(1)
      frames -= 1
      if (frames === 0 && begun === 0 && capacity > keptFrames) resize(initialFrames)
      return taken
    },
    clear() {
      frames = 0
      begun = 0
      head = 0
      if (capacity > keptFrames) resize(initialFrames)
      else tags.fill(undefined)
    },
    get frames() {
      return frames
    },
    get begun() {
      return begun
    },
  }
}
