import type { SampleRate } from '@parley/spec'
import { TONE_STEP_HZ, toneGroups, type ToneSymbol } from './tone-code.ts'

/** A character that was heard; times are milliseconds of the stream's audio. */
export interface HeardTone extends ToneSymbol {
  startMs: number
  endMs: number
}

/** Reads a stream of tone-coded audio. */
export interface ToneReader {
  /** Takes audio of any length and tells each character when it begins; the last one's `endMs` grows as it goes on. */
  push(samples: Int16Array): void
  /** Milliseconds of audio taken. */
  readonly positionMs: number
  /** End of the last audio that was not silence, on the stream's clock; -1 if there was none. */
  readonly lastSoundMs: number
}

const windowMs = 20
const hopMs = 10
/** Below this share of full scale is silence. */
const silence = 0.004
/** Share of a window's energy that the four tones must make up. */
const minExplained = 0.7
/** How much weaker the weakest tone may be than the strongest, as energy. */
const minBalance = 0.5
/** How much stronger a tone must be than any other of its group, as energy: two halves make a false one between them. */
const minLead = 4

/** Makes a reader for one stream of audio. */
export function createToneReader({
  sampleRateHz,
  onTone,
}: {
  sampleRateHz: SampleRate
  onTone: (tone: HeardTone) => void
}): ToneReader {
  // The highest tone is under 3 kHz: about 8 kHz are enough to read it.
  const stride = Math.max(1, Math.floor(sampleRateHz / 8000))
  const rate = sampleRateHz / stride
  const size = Math.round((windowMs * rate) / 1000)
  const hop = Math.round((hopMs * rate) / 1000)
  const coefficients = toneGroups.map(({ firstHz, count }) =>
    Array.from({ length: count }, (_, n) => 2 * Math.cos((2 * Math.PI * (firstHz + n * TONE_STEP_HZ)) / rate)),
  )
  const window = new Float32Array(size)
  let filled = 0
  let taken = 0
  let windowEnd = 0
  let last: HeardTone | undefined
  let lastSoundMs = -1

  const judge = (): void => {
    const endMs = ((windowEnd * stride) / sampleRateHz) * 1000
    let energy = 0
    for (const sample of window) energy += sample * sample
    if (Math.sqrt(energy / size) < silence) return
    let quiet = 0
    while (quiet < size && Math.abs(window[size - 1 - quiet] ?? 0) < silence) quiet += 1
    lastSoundMs = endMs - (quiet * 1000) / rate
    const symbol = readWindow(window, coefficients, energy)
    if (symbol === undefined) return
    if (last !== undefined && isSame(last, symbol) && endMs - windowMs - last.endMs <= windowMs) {
      last.endMs = endMs
      return
    }
    last = { ...symbol, startMs: Math.max(0, endMs - windowMs), endMs }
    onTone(last)
  }

  return {
    push(samples) {
      for (let n = 0; n < samples.length; n++) {
        taken += 1
        if (taken % stride !== 0) continue
        window[filled++] = (samples[n] ?? 0) / 32768
        windowEnd++
        if (filled < size) continue
        judge()
        window.copyWithin(0, hop)
        filled = size - hop
      }
    },
    get positionMs() {
      return (taken * 1000) / sampleRateHz
    },
    get lastSoundMs() {
      return lastSoundMs
    },
  }
}

function isSame(one: ToneSymbol, other: ToneSymbol): boolean {
  return one.voice === other.voice && one.character === other.character && one.place === other.place
}

/** The chord in a window, if there is one. */
function readWindow(
  window: Float32Array,
  coefficients: readonly (readonly number[])[],
  energy: number,
): ToneSymbol | undefined {
  const picks: number[] = []
  let explained = 0
  let strongest = 0
  let weakest = Number.POSITIVE_INFINITY
  for (const group of coefficients) {
    let best = 0
    let second = 0
    let pick = 0
    for (let n = 0; n < group.length; n++) {
      const power = goertzel(window, group[n] ?? 0)
      if (power > best) {
        second = best
        best = power
        pick = n
      } else if (power > second) second = power
    }
    if (best < minLead * second) return undefined
    picks.push(pick)
    explained += best
    strongest = Math.max(strongest, best)
    weakest = Math.min(weakest, best)
  }
  if ((explained * 2) / window.length < minExplained * energy || weakest < minBalance * strongest) return undefined
  const [voice = 0, high = 0, low = 0, place = 0] = picks
  return { voice, character: String.fromCharCode(high * 16 + low), place }
}

/** Power of one frequency in a window. */
function goertzel(window: Float32Array, coefficient: number): number {
  let one = 0
  let two = 0
  for (let n = 0; n < window.length; n++) {
    const next = (window[n] ?? 0) + coefficient * one - two
    two = one
    one = next
  }
  return one * one + two * two - coefficient * one * two
}
