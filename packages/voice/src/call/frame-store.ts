import type { AudioFrame } from '@parley/spec'

/** Frames that wait: copied in, since who hands one over uses it again. */
export class FrameStore {
  #frames: AudioFrame[] = []
  #head = 0
  #totalMs = 0

  /** Length of all that was ever pushed, in milliseconds. */
  get totalMs(): number {
    return this.#totalMs
  }

  push(frame: AudioFrame): void {
    this.#frames.push({ ...frame, samples: frame.samples.slice() })
    this.#totalMs += (frame.samples.length / frame.channels / frame.sampleRateHz) * 1_000
  }

  peek(): AudioFrame | undefined {
    return this.#frames[this.#head]
  }

  shift(): void {
    this.#head += 1
    if (this.#head < 64 || this.#head * 2 < this.#frames.length) return
    this.#frames = this.#frames.slice(this.#head)
    this.#head = 0
  }

  clear(): void {
    this.#frames = []
    this.#head = 0
  }
}
