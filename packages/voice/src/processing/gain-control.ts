import type { AudioFrame, AudioProcessor } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'

/** How quiet people are made louder. */
export interface GainControlOptions {
  /** Level that speech is brought to. @default -20 */
  targetDbfs: number
  /** Never louder by more. @default 18 */
  maxGainDb: number
  /** Frames below are silence: they change nothing. @default -50 */
  silenceDbfs: number
  /** How fast the gain follows, per frame of 20 ms, 0 to 1. @default 0.05 */
  rate: number
}

export const defaultGainControlOptions: Readonly<GainControlOptions> = Object.freeze({
  targetDbfs: -20,
  maxGainDb: 18,
  silenceDbfs: -50,
  rate: 0.05,
})

/**
 * Makes a stage that evens out how loud people are. Loud peaks are limited, never wrapped; samples change in place.
 * @throws {ParleyError} `invalid_options`
 */
export function createGainControl(given?: Partial<GainControlOptions>): AudioProcessor {
  const options = resolveOptions('gain control', defaultGainControlOptions, given)
  const target = 32_768 * 10 ** (options.targetDbfs / 20)
  const silence = 32_768 * 10 ** (options.silenceDbfs / 20)
  const most = 10 ** (options.maxGainDb / 20)
  let gain = 1

  return Object.freeze({
    id: 'gain-control',
    process(frame: AudioFrame) {
      const { samples } = frame
      let squares = 0
      for (let index = 0; index < samples.length; index++) squares += (samples[index] ?? 0) ** 2
      const level = Math.sqrt(squares / Math.max(1, samples.length))
      const before = gain
      if (level > silence) gain += (Math.min(most, target / level) - gain) * options.rate
      const step = (gain - before) / Math.max(1, samples.length)
      for (let index = 0; index < samples.length; index++) {
        const louder = (samples[index] ?? 0) * (before + step * index)
        samples[index] = louder > 32_767 ? 32_767 : louder < -32_768 ? -32_768 : louder
      }
      return frame
    },
    reset() {
      gain = 1
    },
  })
}
