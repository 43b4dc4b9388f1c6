import { ParleyError } from '@parley/spec'
import type { AudioFrame, VadOptions, VadStream, VoiceActivityDetector } from '@parley/spec'

import { checkNumbers } from './format-checks.ts'
import { dbfsOf } from './levels.ts'

/** Options of `createEnergyVad`. */
export interface EnergyVadOptions {
  /** Below this level nothing is speech, in dBFS. @default -45 */
  thresholdDbfs?: number
  /** How far speech is above the noise floor, in dB. @default 12 */
  aboveFloorDb?: number
}

const windowMs = 20
/** The floor is the quietest window of this long, kept as the quietest of each part. */
const floorMs = 2_000
const partMs = 200
/** The floor that is assumed before anything was heard, in dBFS. */
const assumedFloorDbfs = -60
/** How much louder than the threshold a window is at a probability of 0.73, in dB. */
const slopeDb = 1.5

/**
 * Makes a speech detector that goes by loudness alone: cheap, and wrong about loud noise for two seconds.
 * @throws {ParleyError} `invalid_options`
 */
export function createEnergyVad(options: EnergyVadOptions = {}): VoiceActivityDetector {
  const { thresholdDbfs = -45, aboveFloorDb = 12 } = options
  checkNumbers('An energy detector', options, ['thresholdDbfs', 'aboveFloorDb'], {
    thresholdDbfs: { value: thresholdDbfs, min: -100, max: 0 },
    aboveFloorDb: { value: aboveFloorDb, min: 0, max: 60 },
  })
  return Object.freeze({
    info: { id: 'energy', windowSamples: 320, sampleRateHz: 16_000, contextSamples: 0 } as const,
    create: (vadOptions: VadOptions) => createStream(vadOptions, thresholdDbfs, aboveFloorDb),
  })
}

function createStream(
  { sampleRateHz, onResult, onError }: VadOptions,
  thresholdDbfs: number,
  aboveFloorDb: number,
): VadStream {
  const windowSamples = (sampleRateHz * windowMs) / 1_000
  const quietest = new Float64Array(floorMs / partMs).fill(assumedFloorDbfs)
  let part = 0
  let windowsInPart = 0
  let filled = 0
  let sum = 0
  let isClosed = false

  /** The probability of a window, which then counts for the floor. */
  const judge = (rms: number): number => {
    let floor = Infinity
    for (let index = 0; index < quietest.length; index++) floor = Math.min(floor, quietest[index] as number) // below the length
    const threshold = Math.max(thresholdDbfs, floor + aboveFloorDb)
    // Digital silence says nothing of the noise that will come.
    const heard = Math.max(rms, -100)
    quietest[part] = windowsInPart === 0 ? heard : Math.min(quietest[part] as number, heard) // always inside
    windowsInPart += 1
    if (windowsInPart === partMs / windowMs) {
      windowsInPart = 0
      part = (part + 1) % quietest.length
    }
    return 1 / (1 + Math.exp((threshold - rms) / slopeDb))
  }

  const reset = (): void => {
    quietest.fill(assumedFloorDbfs)
    part = 0
    windowsInPart = 0
    filled = 0
    sum = 0
  }

  return {
    push(frame: AudioFrame, atMs: number): void {
      if (isClosed) return
      const { samples } = frame
      if (frame.sampleRateHz !== sampleRateHz || frame.channels !== 1) {
        onError?.(wrongFrame(frame, sampleRateHz))
        return
      }
      for (let index = 0; index < samples.length; index++) {
        const sample = samples[index] as number // below the length
        sum += sample * sample
        filled += 1
        if (filled < windowSamples) continue
        const rms = dbfsOf(Math.sqrt(sum / windowSamples))
        filled = 0
        sum = 0
        const leftMs = ((samples.length - 1 - index) / sampleRateHz) * 1_000
        onResult({ probability: judge(rms), atMs: atMs - leftMs, rms })
      }
    },
    reset,
    close(): Promise<void> {
      isClosed = true
      return Promise.resolve()
    },
  }
}

function wrongFrame({ sampleRateHz, channels }: AudioFrame, wanted: number): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `Speech detection at ${wanted} Hz with 1 channel was given a frame of ${sampleRateHz} Hz with ${channels}: convert it first.`,
    details: { sampleRateHz, channels },
  })
}
