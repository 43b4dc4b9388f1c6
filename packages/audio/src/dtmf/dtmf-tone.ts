import { ParleyError } from '@parley/spec'
import type { AudioChunk, SampleRate } from '@parley/spec'

import { checkNumbers } from '../format-checks.ts'
import { tone } from '../tone.ts'
import { dtmfColumns, dtmfKeys, dtmfRows } from './dtmf-keys.ts'

/** Options of `dtmfTone`. */
export interface DtmfToneOptions {
  /** @default 8000 */
  sampleRateHz?: SampleRate
  /** How long the digit sounds, in milliseconds. @default 100 */
  toneMs?: number
  /** Silence after it, in milliseconds. @default 60 */
  gapMs?: number
  /** Level (RMS) of both tones together. @default -10 */
  levelDbfs?: number
}

/**
 * Makes the sound of a key (`0-9*#A-D`) and the silence after it.
 * @throws {ParleyError} `invalid_options` for any other character
 */
export function dtmfTone(digit: string, options: DtmfToneOptions = {}): AudioChunk {
  const { sampleRateHz = 8_000, toneMs = 100, gapMs = 60, levelDbfs = -10 } = options
  checkNumbers('A DTMF tone', options, ['sampleRateHz', 'toneMs', 'gapMs', 'levelDbfs'], {
    toneMs: { value: toneMs, min: 1, max: 10_000 },
    gapMs: { value: gapMs, min: 0, max: 10_000 },
    levelDbfs: { value: levelDbfs, min: -100, max: -3 },
  })
  const key = digit.length === 1 ? dtmfKeys.indexOf(digit.toUpperCase()) : -1
  const row = dtmfRows[key >> 2]
  const column = dtmfColumns[key & 3]
  if (key < 0 || row === undefined || column === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'A DTMF tone was asked for what is no key: the keys are 0-9, *, #, A-D.',
      details: { path: 'digit', expected: dtmfKeys },
    })
  }
  const { samples } = tone({ frequencyHz: [row, column], durationMs: toneMs, sampleRateHz, levelDbfs })
  const whole = new Int16Array(samples.length + Math.round((sampleRateHz * gapMs) / 1_000))
  whole.set(samples)
  return { samples: whole, sampleRateHz, channels: 1 }
}
