import type { SampleRate } from '@parley/spec'

import { toSample } from './fade.ts'
import { polyphaseFilterOf } from './polyphase.ts'
import type { Resampler } from './resampler.ts'

/** Input samples per channel that are worked on at once. */
const blockSamples = 2_048

/**
 * Makes a resampler of our own: a polyphase filter over a short history. It stands where `bench -- audio` measures it
 * better than libsamplerate at the quality asked for.
 */
export function createPolyphaseResampler(from: SampleRate, to: SampleRate, channels: 1 | 2): Resampler {
  const { up, down, half, taps } = polyphaseFilterOf(from, to)
  const tapsPerPhase = 2 * half
  const stepSamples = Math.floor(down / up)
  const stepPhases = down % up
  const histories = Array.from({ length: channels }, () => new Float64Array(tapsPerPhase + blockSamples))
  const silence = new Int16Array(half * channels)
  let filled = 0
  /** First sample of the history under the next output, and the phase of the filter. */
  let base = 0
  let phase = 0
  let takenSamples = 0
  let givenSamples = 0
  let own: Int16Array = new Int16Array(0)
  let view: Int16Array = own

  const reset = (): void => {
    // The first output stands on the first input sample: before it there was silence.
    for (const history of histories) history.fill(0)
    filled = half - 1
    base = 0
    phase = 0
    takenSamples = 0
    givenSamples = 0
  }
  reset()

  const fill = (samples: Int16Array, fromIndex: number, count: number): void => {
    for (let channel = 0; channel < channels; channel++) {
      const history = histories[channel] as Float64Array // one per channel
      for (let index = 0, at = fromIndex * channels + channel; index < count; index++, at += channels) {
        history[filled + index] = samples[at] as number // the caller counts
      }
    }
    filled += count
  }

  const drain = (out: Int16Array, written: number, limit: number): number => {
    const start = written
    let atBase = base
    let atPhase = phase
    for (let channel = 0; channel < channels; channel++) {
      const history = histories[channel] as Float64Array // one per channel
      atBase = base
      atPhase = phase
      for (written = start; atBase + tapsPerPhase <= filled && written < limit; written++) {
        out[written * channels + channel] = toSample(
          convolve(history, atBase, taps, atPhase * tapsPerPhase, tapsPerPhase),
        )
        atBase += stepSamples
        atPhase += stepPhases
        if (atPhase >= up) {
          atPhase -= up
          atBase += 1
        }
      }
    }
    base = atBase
    phase = atPhase
    // When going down, the next output may begin beyond what is there.
    const dropped = Math.min(base, filled)
    for (const history of histories) history.copyWithin(0, dropped, filled)
    filled -= dropped
    base -= dropped
    return written
  }

  const run = (samples: Int16Array, out: Int16Array, limit: number): number => {
    const length = samples.length / channels
    let written = 0
    for (let taken = 0; taken < length; taken += blockSamples) {
      fill(samples, taken, Math.min(blockSamples, length - taken))
      written = drain(out, written, limit)
    }
    return written
  }

  const room = (samples: number, given: Int16Array | undefined): Int16Array => {
    if (given !== undefined) {
      if (given.length >= samples) return given
      throw new RangeError(`The output holds ${given.length} of up to ${samples} samples: give a longer one, or none.`)
    }
    if (own.length < samples) own = new Int16Array(samples)
    return own
  }

  /** The part that was written, made anew only when it is another one. */
  const shown = (out: Int16Array, length: number): Int16Array => {
    if (view.buffer !== out.buffer || view.byteOffset !== out.byteOffset || view.length !== length) {
      view = out.subarray(0, length)
    }
    return view
  }

  return Object.freeze({
    push(samples: Int16Array, given?: Int16Array): Int16Array {
      const length = samples.length / channels
      const limit = Math.ceil(((length + 1) * up) / down)
      const out = room(limit * channels, given)
      takenSamples += length
      const written = run(samples, out, limit)
      givenSamples += written
      return shown(out, written * channels)
    },
    flush(): Int16Array {
      const limit = Math.max(0, Math.ceil((takenSamples * up) / down) - givenSamples)
      const out = room(limit * channels, undefined)
      const written = run(silence, out, limit)
      reset()
      return shown(out, written * channels)
    },
    reset,
    delaySamples: Math.ceil((half * up) / down),
    close: () => {},
  })
}

function convolve(history: Float64Array, at: number, taps: Float64Array, first: number, count: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  // The caller has counted: all of these are inside, and a phase has a multiple of four taps.
  for (let tap = 0; tap < count; tap += 4) {
    a += (history[at + tap] as number) * (taps[first + tap] as number)
    b += (history[at + tap + 1] as number) * (taps[first + tap + 1] as number)
    c += (history[at + tap + 2] as number) * (taps[first + tap + 2] as number)
    d += (history[at + tap + 3] as number) * (taps[first + tap + 3] as number)
  }
  return a + b + (c + d)
}
