import type { AudioChunk, SampleRate } from '@parley/spec'

import { fade } from './fade.ts'
import { factorOf } from './gain.ts'

/** Options of `tone`. */
export interface ToneOptions {
  /** One frequency, or several that sound together at the same level, in hertz. */
  frequencyHz: number | readonly number[]
  durationMs: number
  sampleRateHz: SampleRate
  /** Level (RMS) of the whole. @default -10 */
  levelDbfs?: number
  /** How long it comes and goes, in milliseconds. @default 2 */
  fadeMs?: number
}

/** Makes a tone that begins and ends without a click. */
export function tone({ frequencyHz, durationMs, sampleRateHz, levelDbfs = -10, fadeMs = 2 }: ToneOptions): AudioChunk {
  const frequencies = typeof frequencyHz === 'number' ? [frequencyHz] : frequencyHz
  const samples = new Int16Array(Math.round((sampleRateHz * durationMs) / 1_000))
  const amplitude = 32_768 * factorOf(levelDbfs) * Math.sqrt(2 / frequencies.length)
  const limit = 32_767
  for (let index = 0; index < samples.length; index++) {
    let value = 0
    for (const frequency of frequencies) value += Math.sin((2 * Math.PI * frequency * index) / sampleRateHz)
    samples[index] = Math.max(-limit, Math.min(limit, Math.round(value * amplitude)))
  }
  const fadeSamples = Math.min(Math.round((sampleRateHz * fadeMs) / 1_000), samples.length >> 1)
  fade(samples, { fromGain: 0, toGain: 1, fadeSamples })
  fade(samples, { fromGain: 1, toGain: 0, fadeSamples, startSample: samples.length - fadeSamples })
  return { samples, sampleRateHz, channels: 1 }
}
