import type { SampleRate } from '@parley/spec'

/**
 * A code of tones for text: each character is a chord of four tones, one from each group. It survives G.711, any sample
 * rate from 8 kHz, fades, cuts and low noise, so that what a far end heard can be read back.
 */
export interface ToneSymbol {
  /** 0 to 7. */
  voice: number
  /** A Latin-1 character. */
  character: string
  /** 0 for the first character of a segment, then 1 to 7 in turn: shows order, gaps and repetitions. */
  place: number
}

/** Frequencies are multiples of this, in hertz: whole waves in 20 ms, so the tones of a chord do not disturb each other. */
export const TONE_STEP_HZ = 50
/** Voices that can be told apart. */
export const TONE_VOICES = 8
/** Shortest character that can be read, in milliseconds. */
export const TONE_MIN_MS = 30

/** Lowest frequency and number of tones of each group, in the order voice, high half, low half, place. */
export const toneGroups: readonly { firstHz: number; count: number }[] = [
  { firstHz: 300, count: TONE_VOICES },
  { firstHz: 800, count: 16 },
  { firstHz: 1700, count: 16 },
  { firstHz: 2600, count: 8 },
]

const amplitude = 0.2
/** Spaces are quieter, so that speech has the dips that detectors of voice expect. */
const spaceAmplitude = 0.03
const rampMs = 1

/** The place of the n-th character of a segment. */
export function tonePlace(index: number): number {
  return index === 0 ? 0 : 1 + ((index - 1) % 7)
}

/** The chord of one character; characters beyond Latin-1 sound as `?`. `offset` in samples keeps tones going through. */
export function toneOf(
  { voice, character, place }: ToneSymbol,
  { durationMs, sampleRateHz, offset = 0 }: { durationMs: number; sampleRateHz: SampleRate; offset?: number },
): Int16Array {
  const code = character.charCodeAt(0) < 256 ? character.charCodeAt(0) : 63
  const picks = [voice % TONE_VOICES, code >> 4, code & 15, place]
  const steps = picks.map((pick, group) => {
    const hertz = (toneGroups[group]?.firstHz ?? 0) + pick * TONE_STEP_HZ
    return (2 * Math.PI * hertz) / sampleRateHz
  })
  const samples = new Int16Array(Math.round((durationMs * sampleRateHz) / 1000))
  const scale = 32767 * (character === ' ' ? spaceAmplitude : amplitude)
  const ramp = Math.max(1, Math.round((rampMs * sampleRateHz) / 1000))
  for (let n = 0; n < samples.length; n++) {
    const edge = Math.min(1, (n + 1) / ramp, (samples.length - n) / ramp)
    let sum = 0
    for (const step of steps) sum += Math.sin(step * (n + offset))
    samples[n] = Math.round(scale * edge * sum)
  }
  return samples
}

/** How a text is said in tones. */
export interface ToneTextOptions {
  /** @default 0 */
  voice?: number
  /** @default 60 */
  msPerChar?: number
  /** @default 16 000 */
  sampleRateHz?: SampleRate
  /** Place of the first character in its segment. @default 0 */
  from?: number
}

/** Says a text in tones: what `listen` and tone-reading recognizers understand. */
export function toneText(
  text: string,
  { voice = 0, msPerChar = 60, sampleRateHz = 16_000, from = 0 }: ToneTextOptions = {},
): Int16Array {
  const perCharacter = Math.round((msPerChar * sampleRateHz) / 1000)
  const samples = new Int16Array(text.length * perCharacter)
  for (let n = 0; n < text.length; n++) {
    const symbol = { voice, character: text.charAt(n), place: tonePlace(from + n) }
    const offset = (from + n) * perCharacter
    samples.set(toneOf(symbol, { durationMs: msPerChar, sampleRateHz, offset }), n * perCharacter)
  }
  return samples
}
