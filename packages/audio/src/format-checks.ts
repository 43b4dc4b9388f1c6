import { checkOptions, ParleyError, sampleRates } from '@parley/spec'
import type { AudioFormat, SampleRate } from '@parley/spec'

const encodings: readonly string[] = ['pcm16', 'pcmu', 'pcma', 'f32']

/** A format before it is known to be one of ours. */
export interface LooseFormat {
  encoding: string
  sampleRateHz: number
  channels: number
}

/** What is said about a pair of formats of which one cannot be made of the other. */
export function unsupportedFormat(from: LooseFormat, to: LooseFormat): ParleyError {
  const { encoding, sampleRateHz, channels } = from
  return new ParleyError({
    code: 'audio_format_unsupported',
    message: `Audio of ${described(from)} cannot be made into ${described(to)}: use pcm16, pcmu, pcma or f32 with 1 or 2 channels at one of ${sampleRates.join(', ')} Hz.`,
    details: {
      from: { encoding, sampleRateHz, channels },
      to: { encoding: to.encoding, sampleRateHz: to.sampleRateHz, channels: to.channels },
    },
  })
}

function described({ encoding, sampleRateHz, channels }: LooseFormat): string {
  return `${encoding}, ${sampleRateHz} Hz, ${channels} channels`
}

/** Whether a number is a rate that audio may have here. */
export function isSampleRate(rate: number): rate is SampleRate {
  // The list is wider as numbers than as rates.
  return (sampleRates as readonly number[]).includes(rate)
}

/** Whether a format is one that is known here. */
export function isAudioFormat({ encoding, sampleRateHz, channels }: LooseFormat): boolean {
  return encodings.includes(encoding) && isSampleRate(sampleRateHz) && (channels === 1 || channels === 2)
}

/**
 * Refuses a format that is not known here, such as one that came from a configuration.
 * @throws {ParleyError} `audio_format_unsupported`
 */
export function checkAudioFormat(format: AudioFormat): void {
  if (!isAudioFormat(format)) throw unsupportedFormat(format, { ...format, encoding: 'pcm16' })
}

/**
 * Samples per channel of a frame.
 * @throws {ParleyError} `invalid_options` where that is no whole number above 0
 */
export function frameSamplesOf(what: string, sampleRateHz: number, frameMs: number): number {
  const samples = (sampleRateHz * frameMs) / 1_000
  if (Number.isInteger(samples) && samples > 0 && isSampleRate(sampleRateHz)) return samples
  throw new ParleyError({
    code: 'invalid_options',
    message: `${what} cannot make frames of ${frameMs} ms at ${sampleRateHz} Hz: a frame has a whole number of samples, at one of ${sampleRates.join(', ')} Hz.`,
    details: { path: isSampleRate(sampleRateHz) ? 'frameMs' : 'sampleRateHz' },
  })
}

/**
 * Refuses unknown options and numbers out of range.
 * @throws {ParleyError} `invalid_options`
 */
export function checkNumbers(
  what: string,
  options: object,
  known: readonly string[],
  ranges: Readonly<Record<string, { value: number; min: number; max: number }>>,
): void {
  checkOptions(what, options, known)
  for (const [path, { value, min, max }] of Object.entries(ranges)) {
    if (typeof value === 'number' && value >= min && value <= max) continue
    throw new ParleyError({
      code: 'invalid_options',
      message: `${what}: ${path} is to be a number from ${min} to ${max}.`,
      details: { path, expected: `${min} to ${max}` },
    })
  }
}
