import type { AudioFrame } from '@parley/spec'

/** How loud audio is, in dBFS; `-Infinity` is digital silence. */
export interface Levels {
  rmsDbfs: number
  peakDbfs: number
}

/** Measures how loud a frame is; 0 dBFS is full scale of 16 bits. */
export function levels(frame: Pick<AudioFrame, 'samples'>): Levels {
  const { samples } = frame
  let peak = 0
  let sum = 0
  for (let index = 0; index < samples.length; index++) {
    const sample = samples[index] as number // below the length
    const magnitude = sample < 0 ? -sample : sample
    if (magnitude > peak) peak = magnitude
    sum += sample * sample
  }
  return { rmsDbfs: dbfsOf(Math.sqrt(sum / Math.max(1, samples.length))), peakDbfs: dbfsOf(peak) }
}

/** The level of a magnitude on the scale of 16-bit samples. */
export function dbfsOf(magnitude: number): number {
  return 20 * Math.log10(magnitude / 32_768)
}
