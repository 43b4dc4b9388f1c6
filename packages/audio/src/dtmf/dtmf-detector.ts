import type { AudioFrame, SampleRate } from '@parley/spec'

import { checkNumbers } from '../format-checks.ts'
import { dtmfColumns, dtmfKeys, dtmfRows } from './dtmf-keys.ts'

/** Options of `createDtmfDetector`. */
export interface DtmfDetectorOptions {
  sampleRateHz: SampleRate
  /** Called when a key was let go: its character, how long it sounded, and where it began, in samples of the stream. */
  onDigit(digit: string, durationMs: number, atPosition: number): void
}

/** Hears keys in the sound of a call. */
export interface DtmfDetector {
  /** Takes audio of one channel, of any length. */
  push(frame: Pick<AudioFrame, 'samples'>): void
  /** Ends a key that still sounds, as if silence followed. */
  flush(): void
  /** Forgets all; positions count from 0 again. */
  reset(): void
}

const hopMs = 10
/** Windows of 20 ms, every 10 ms: three of a key in a row are 40 ms of it. */
const windowsToAccept = 3
/** A window that reaches into a gap has no key either, so 40 ms without one are four. */
const windowsToRelease = 4
/** What part of a window's energy is in the two tones; speech spreads its own. */
const minPurity = 0.75
/** How much weaker the other tones of a group are, as a power ratio: 8 dB. */
const minLead = 10 ** 0.8
/** The column's tone over the row's, as power ratios: +4 dB and -8 dB. */
const maxTwist = 10 ** 0.4
const minTwist = 10 ** -0.8
/** Mean square of a window below which nothing is judged: -45 dBFS. */
const minPower = (32_768 * 10 ** (-45 / 20)) ** 2

/**
 * Makes a detector of DTMF: Goertzel filters over 20 ms, 40 ms to accept a key and 40 ms to let it go.
 * @throws {ParleyError} `invalid_options`
 */
export function createDtmfDetector(options: DtmfDetectorOptions): DtmfDetector {
  const { sampleRateHz, onDigit } = options
  checkNumbers('A DTMF detector', options, ['sampleRateHz', 'onDigit'], {
    sampleRateHz: { value: sampleRateHz, min: 8_000, max: 48_000 },
  })
  const hop = Math.round((sampleRateHz * hopMs) / 1_000)
  const window = new Float64Array(2 * hop)
  const coefficients = Float64Array.from(
    [...dtmfRows, ...dtmfColumns],
    (frequency) => 2 * Math.cos((2 * Math.PI * frequency) / sampleRateHz),
  )
  const powers = new Float64Array(coefficients.length)
  let filled = hop
  /** Position of the first sample of the window that is being filled. */
  let position = -hop
  let candidate = ''
  let candidateWindows = 0
  let candidateAt = 0
  let active = ''
  let activeAt = 0
  let endsAt = 0
  let missed = 0

  const end = (): void => {
    const digit = active
    active = ''
    if (digit !== '') onDigit(digit, Math.round(((endsAt - activeAt) / sampleRateHz) * 1_000), activeAt)
  }

  const judged = (digit: string): void => {
    if (active !== '' && digit === active) {
      missed = 0
      endsAt = position + 2 * hop
      return
    }
    if (active !== '') {
      missed += 1
      if (missed >= windowsToRelease) end()
    }
    if (digit !== candidate) {
      candidate = digit
      candidateWindows = 0
      candidateAt = position
    }
    candidateWindows += 1
    if (digit === '' || candidateWindows < windowsToAccept || digit === active) return
    // Another key came without a gap.
    end()
    active = digit
    activeAt = Math.max(0, candidateAt)
    endsAt = position + 2 * hop
    missed = 0
  }

  const reset = (): void => {
    window.fill(0)
    filled = hop
    position = -hop
    candidate = ''
    candidateWindows = 0
    active = ''
    missed = 0
  }

  return Object.freeze({
    push({ samples }: Pick<AudioFrame, 'samples'>): void {
      for (let index = 0; index < samples.length; index++) {
        window[filled++] = samples[index] as number // below the length
        if (filled < window.length) continue
        judged(keyOf(window, coefficients, powers))
        window.copyWithin(0, hop)
        filled = hop
        position += hop
      }
    },
    flush(): void {
      end()
      reset()
    },
    reset,
  })
}

/** The key that a window sounds like, or nothing. */
function keyOf(window: Float64Array, coefficients: Float64Array, powers: Float64Array): string {
  const { length } = window
  let energy = 0
  for (let index = 0; index < length; index++) energy += (window[index] as number) ** 2 // below the length
  if (energy < minPower * length) return ''
  for (let tone = 0; tone < coefficients.length; tone++) {
    powers[tone] = goertzel(window, coefficients[tone] as number) // below the length
  }
  const row = strongest(powers, 0)
  const column = strongest(powers, 4)
  if (row < 0 || column < 0) return ''
  // Both were found among the powers.
  const low = powers[row] as number
  const high = powers[column] as number
  if (high > low * maxTwist || high < low * minTwist) return ''
  if (((low + high) * 2) / length < energy * minPurity) return ''
  return dtmfKeys[row * 4 + column - 4] ?? ''
}

/** Index of the tone of a group that leads all others of it, or -1. */
function strongest(powers: Float64Array, first: number): number {
  let best = first
  for (let tone = first + 1; tone < first + 4; tone++) {
    if ((powers[tone] as number) > (powers[best] as number)) best = tone // eight powers
  }
  for (let tone = first; tone < first + 4; tone++) {
    if (tone !== best && (powers[tone] as number) * minLead > (powers[best] as number)) return -1
  }
  return best
}

/** The power of one frequency in a window. */
function goertzel(window: Float64Array, coefficient: number): number {
  let last = 0
  let beforeLast = 0
  for (let index = 0; index < window.length; index++) {
    const next = (window[index] as number) + coefficient * last - beforeLast // below the length
    beforeLast = last
    last = next
  }
  return last * last + beforeLast * beforeLast - coefficient * last * beforeLast
}
