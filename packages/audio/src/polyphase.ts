import type { SampleRate } from '@parley/spec'

/** The taps of a polyphase filter between two rates. */
export interface PolyphaseFilter {
  /** Output samples per `down` input samples. */
  up: number
  down: number
  /** Taps on each side of the output's instant, in input samples. */
  half: number
  /** `2 * half` taps for each of `up` phases. */
  taps: Float64Array
}

/** Where the passband ends and the stopband begins, as parts of the lower rate. */
const passEdge = 0.42
const stopEdge = 0.5
/** Ten more than what is promised, since both ripples and the rounding to 16 bits add to it. */
const attenuationDb = 60

// Filters are pure values of two rates out of seven, and large: every stream of a pair uses the same one.
const filters = new Map<string, PolyphaseFilter>()

/** The filter of a pair of rates: a windowed sinc (Kaiser), flat to 0.42 of the lower rate and 60 dB down from half of it. */
export function polyphaseFilterOf(from: SampleRate, to: SampleRate): PolyphaseFilter {
  const key = `${from}-${to}`
  const known = filters.get(key)
  if (known !== undefined) return known
  const made = design(from, to)
  filters.set(key, made)
  return made
}

function design(from: number, to: number): PolyphaseFilter {
  const divisor = greatestCommonDivisor(from, to)
  const up = to / divisor
  const down = from / divisor
  const lower = Math.min(1, to / from)
  const cutoff = ((passEdge + stopEdge) / 2) * lower
  // Kaiser's estimates of length and shape for a width of transition and an attenuation.
  const length = (attenuationDb - 7.95) / (14.36 * (stopEdge - passEdge) * lower) + 1
  const beta = 0.1102 * (attenuationDb - 8.7)
  // Even, so that the taps of a phase are a multiple of four.
  const half = 2 * Math.ceil(length / 4)
  const taps = new Float64Array(up * 2 * half)
  for (let phase = 0; phase < up; phase++) {
    let sum = 0
    for (let tap = 0; tap < 2 * half; tap++) {
      const distance = tap - half + 1 - phase / up
      const value = sinc(2 * cutoff * distance) * kaiser(distance / half, beta)
      taps[phase * 2 * half + tap] = value
      sum += value
    }
    // The same level from every phase: otherwise a constant would come out as a tone.
    const own = taps.subarray(phase * 2 * half, (phase + 1) * 2 * half)
    own.set(own.map((value) => value / sum))
  }
  return { up, down, half, taps }
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other)
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

function kaiser(x: number, beta: number): number {
  return Math.abs(x) >= 1 ? 0 : bessel(beta * Math.sqrt(1 - x * x)) / bessel(beta)
}

/** The modified Bessel function of order zero, by its series. */
function bessel(x: number): number {
  let sum = 1
  let term = 1
  for (let order = 1; term > sum * 1e-12; order++) {
    term *= (x / (2 * order)) ** 2
    sum += term
  }
  return sum
}
