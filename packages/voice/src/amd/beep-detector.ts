import type { AudioFrame } from '@parley/spec'

/** Options of `createBeepDetector`. */
export interface BeepDetectorOptions {
  /** Called once for each beep, when it has lasted long enough. */
  onBeep(): void
  /** How long one steady tone has to last. @default 160 */
  minMs?: number
  /** Levels below are silence, in dBFS. @default -45 */
  thresholdDbfs?: number
}

/** Hears the beep of an answering machine. */
export interface BeepDetector {
  push(frame: AudioFrame): void
}

const MIN_HZ = 350
const MAX_HZ = 2_500
/** Share of a frame's energy that lies in the one tone. Two tones at once (keys, dial tones) stay well below. */
const PURITY = 0.85
/** A tone wavers by no more between frames. */
const DRIFT = 0.05

/**
 * Makes a detector of one steady sine of 350 to 2 500 Hz. It allocates nothing per frame: the pitch is read from zero
 * crossings, and the energy at it compared with the whole.
 */
export function createBeepDetector({ onBeep, minMs = 160, thresholdDbfs = -45 }: BeepDetectorOptions): BeepDetector {
  const threshold = 32_768 * 10 ** (thresholdDbfs / 20)
  let heldMs = 0
  let lastHz = 0
  let isTold = false

  const reset = (): void => {
    heldMs = 0
    lastHz = 0
    isTold = false
  }

  return {
    push({ samples, sampleRateHz, channels }) {
      const hz = toneOf(samples, sampleRateHz, channels, threshold)
      if (hz === 0) return reset()
      if (lastHz !== 0 && Math.abs(hz - lastHz) > lastHz * DRIFT) reset()
      lastHz = hz
      heldMs += (samples.length / channels / sampleRateHz) * 1_000
      if (heldMs < minMs || isTold) return
      isTold = true
      onBeep()
    },
  }
}

/** Pitch of a frame that is one tone, in Hz, or 0. */
function toneOf(samples: Int16Array, sampleRateHz: number, channels: number, threshold: number): number {
  const count = Math.floor(samples.length / channels)
  let energy = 0
  let crossings = 0
  let first = 0
  let last = 0
  for (let index = 1; index < count; index++) {
    const before = samples[(index - 1) * channels] ?? 0
    const sample = samples[index * channels] ?? 0
    energy += sample * sample
    if (before < 0 === sample < 0) continue
    // Between two samples: a pitch from whole samples would be too coarse at high tones.
    const at = index - 1 + before / (before - sample)
    if (crossings === 0) first = at
    last = at
    crossings += 1
  }
  if (count < 2 || Math.sqrt(energy / count) < threshold || crossings < 3) return 0
  const hz = ((crossings - 1) * sampleRateHz) / (2 * (last - first))
  if (hz < MIN_HZ || hz > MAX_HZ) return 0
  let cosine = 0
  let sine = 0
  const step = (2 * Math.PI * hz) / sampleRateHz
  for (let index = 0; index < count; index++) {
    const sample = samples[index * channels] ?? 0
    cosine += sample * Math.cos(step * index)
    sine += sample * Math.sin(step * index)
  }
  return (2 * (cosine * cosine + sine * sine)) / (count * energy) >= PURITY ? hz : 0
}
