import type { AudioFrame, SampleRate } from '@parley/spec'

/** Another line's voice, mixed into an output that is busy with speech of its own. */
export interface LiveLayer {
  /** Takes a frame at the output's rate. */
  push(frame: AudioFrame): void
  /** Adds what waits to an outgoing frame, in place. */
  mix(samples: Int16Array, isSpeech: boolean): void
  readonly waitingMs: number
}

/** Live sound is worth nothing when it is late: beyond this the oldest is dropped. */
const MAX_WAITING_MS = 200
/** A stream starts when so much waits, so that jitter leaves no holes. */
const CUSHION_MS = 40

/** Makes a layer of one output; nothing is allocated per frame. */
export function createLiveLayer({ sampleRateHz }: { sampleRateHz: SampleRate }): LiveLayer {
  const size = (MAX_WAITING_MS * sampleRateHz) / 1_000
  const cushion = (CUSHION_MS * sampleRateHz) / 1_000
  const ring = new Int16Array(size)
  let head = 0
  let count = 0
  let isFlowing = false

  return {
    push({ samples }) {
      for (let index = 0; index < samples.length; index++) {
        if (count === size) {
          head = (head + 1) % size
          count -= 1
        }
        ring[(head + count) % size] = samples[index] ?? 0
        count += 1
      }
    },
    mix(samples) {
      if (!isFlowing) isFlowing = count >= cushion
      if (!isFlowing) return
      const available = Math.min(count, samples.length)
      for (let index = 0; index < available; index++) {
        const sum = (samples[index] ?? 0) + (ring[(head + index) % size] ?? 0)
        samples[index] = sum > 32_767 ? 32_767 : sum < -32_768 ? -32_768 : sum
      }
      head = (head + available) % size
      count -= available
      if (available < samples.length) isFlowing = false
    },
    get waitingMs() {
      return (count * 1_000) / sampleRateHz
    },
  }
}
