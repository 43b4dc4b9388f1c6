import type { SampleRate } from '@parley/spec'

import { FADE_MS, toSample } from './fade.ts'
import { checkNumbers } from './format-checks.ts'

/** Options of `createGain`. */
export interface GainOptions {
  sampleRateHz: SampleRate
  /** @default 1 */
  channels?: 1 | 2
  /** Level at the start, in dB; `-Infinity` is silence. @default 0 */
  gainDb?: number
  /** How long a change takes, in milliseconds. @default 10 */
  fadeMs?: number
}

/** A level that can be changed without a click. */
export interface Gain {
  /** Changes the samples in place and gives them back; at 0 dB they are left alone. Nothing is allocated. */
  process(samples: Int16Array): Int16Array
  /** Sets the level to be reached after `fadeMs`, in dB. */
  set(gainDb: number): void
  /** The level that was set last, in dB. */
  readonly gainDb: number
}

/**
 * Makes a level control.
 * @throws {ParleyError} `invalid_options`
 */
export function createGain(options: GainOptions): Gain {
  const { sampleRateHz, channels = 1, gainDb = 0, fadeMs = FADE_MS } = options
  checkNumbers('A gain', options, ['sampleRateHz', 'channels', 'gainDb', 'fadeMs'], {
    channels: { value: channels, min: 1, max: 2 },
    gainDb: { value: gainDb, min: -Infinity, max: 40 },
    fadeMs: { value: fadeMs, min: 0, max: 10_000 },
  })
  const fadeSamples = Math.max(1, Math.round((sampleRateHz * fadeMs) / 1_000))
  let wantedDb = gainDb
  let target = factorOf(gainDb)
  let current = target
  let step = 0

  return Object.freeze({
    process(samples: Int16Array): Int16Array {
      for (let index = 0; index < samples.length; index += channels) {
        if (current !== target) {
          current += step
          if ((step > 0 && current > target) || (step < 0 && current < target) || step === 0) current = target
        } else if (current === 1) return samples
        for (let at = index; at < index + channels; at++) samples[at] = toSample((samples[at] as number) * current) // below the length
      }
      return samples
    },
    set(nextDb: number): void {
      wantedDb = nextDb
      target = factorOf(nextDb)
      step = (target - current) / fadeSamples
    },
    get gainDb(): number {
      return wantedDb
    },
  })
}

/** The factor of a level in dB. */
export function factorOf(gainDb: number): number {
  return 10 ** (gainDb / 20)
}
