import type { AudioFrame, AudioProcessor } from '@parley/spec'
import { resolveOptions } from '../resolve-options.ts'

/** How steady noise between words is made quieter. */
export interface NoiseReductionOptions {
  /** How much quieter noise becomes. @default 12 */
  reductionDb: number
  /** What is louder than the noise floor by so much is speech and stays as it is. @default 9 */
  aboveFloorDb: number
  /** How long speech goes on after its last loud frame: word ends are quiet. @default 200 */
  hangoverMs: number
}

export const defaultNoiseReductionOptions: Readonly<NoiseReductionOptions> = Object.freeze({
  reductionDb: 12,
  aboveFloorDb: 9,
  hangoverMs: 200,
})

/** The floor follows a quieter line at once, and a louder one by this share a frame. */
const RISE = 0.02
/** So slowly while there may be speech, which has to pause before it is taken for noise. */
const RISE_IN_SPEECH = 0.001

/**
 * Makes a stage that turns pauses down, so that hiss and hum are neither judged nor recognized. Speech itself is not
 * touched; samples change in place.
 * @throws {ParleyError} `invalid_options`
 */
export function createNoiseReduction(given?: Partial<NoiseReductionOptions>): AudioProcessor {
  const options = resolveOptions('noise reduction', defaultNoiseReductionOptions, given)
  const quiet = 10 ** (-options.reductionDb / 20)
  const above = 10 ** (options.aboveFloorDb / 20)
  let floor = 0
  let gain = 1
  let hangoverMs = 0

  return Object.freeze({
    id: 'noise-reduction',
    process(frame: AudioFrame) {
      const { samples, channels, sampleRateHz } = frame
      let squares = 0
      for (let index = 0; index < samples.length; index++) squares += (samples[index] ?? 0) ** 2
      const level = Math.sqrt(squares / Math.max(1, samples.length))
      const isLoud = floor > 0 && level > floor * above
      const rise = isLoud ? RISE_IN_SPEECH : RISE
      floor = floor === 0 || level < floor ? level : floor + (level - floor) * rise
      const lengthMs = (samples.length / channels / sampleRateHz) * 1_000
      hangoverMs = isLoud ? options.hangoverMs : Math.max(0, hangoverMs - lengthMs)
      const before = gain
      // Up at once, so that no word loses its start; down within three frames.
      gain = hangoverMs > 0 ? 1 : Math.max(quiet, gain - (1 - quiet) / 3)
      for (let index = 0; index < samples.length; index++) {
        const share = Math.min(1, index / (samples.length / 4))
        samples[index] = (samples[index] ?? 0) * (before + (gain - before) * share)
      }
      return frame
    },
    reset() {
      floor = 0
      gain = 1
      hangoverMs = 0
    },
  })
}
