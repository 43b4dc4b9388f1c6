import type { SampleRate } from '@parley/spec'

import { toSample } from './fade.ts'
import type { Resampler } from './resampler.ts'

/** Input samples, both channels counted, that are worked on at once: far below what the module has room for. */
const blockSamples = 8_192
/** Coefficients per side of libsamplerate's best filter, and how many of them belong to one input sample at ratio 1. */
const filterLength = 340_238
const filterIncrement = 2_381

/** Makes a resampler of libsamplerate's best sinc converter, which is loaded when it is first asked for. */
export async function createSincResampler(from: SampleRate, to: SampleRate, channels: 1 | 2): Promise<Resampler> {
  const { default: libsamplerate } = await import('@alexanderolsen/libsamplerate-js')
  const converterType = libsamplerate.ConverterType.SRC_SINC_BEST_QUALITY
  const source = await libsamplerate.create(channels, from, to, { converterType })
  // The filter is stretched where the rate goes down.
  const lookahead = Math.ceil((filterLength / filterIncrement) * Math.max(1, from / to)) + 1
  const input = new Float32Array(blockSamples)
  let output = new Int16Array(0)
  let takenSamples = 0
  let givenSamples = 0
  let isClosed = false

  const run = (samples: Int16Array, limit: number, given: Int16Array | undefined): Int16Array => {
    if (given === undefined && output.length < limit) output = new Int16Array(limit)
    const out = given ?? output
    let written = 0
    for (let start = 0; start < samples.length; start += blockSamples) {
      const count = Math.min(blockSamples, samples.length - start)
      for (let index = 0; index < count; index++) input[index] = (samples[start + index] as number) / 32_768 // below the length
      // `full` keeps the converter's state from call to call; `simple` begins anew each time.
      const made = source.full(count === blockSamples ? input : input.subarray(0, count))
      const room = Math.min(made.length, limit - written)
      for (let index = 0; index < room; index++) out[written + index] = toSample((made[index] as number) * 32_768) // below the length
      written += room
    }
    return out.subarray(0, written)
  }

  const reset = (): void => {
    takenSamples = 0
    givenSamples = 0
    // Setting it, even to what it is, makes the module forget its state.
    if (!isClosed) source.converterType = converterType
  }

  return Object.freeze({
    push(samples: Int16Array, given?: Int16Array): Int16Array {
      takenSamples += samples.length / channels
      const limit = (Math.ceil((takenSamples * to) / from) - givenSamples) * channels
      if (given !== undefined && given.length < limit) {
        throw new RangeError(`The output holds ${given.length} of up to ${limit} samples: give a longer one, or none.`)
      }
      const made = run(samples, limit, given)
      givenSamples += made.length / channels
      return made
    },
    flush(): Int16Array {
      const limit = (Math.ceil((takenSamples * to) / from) - givenSamples) * channels
      const tail = run(new Int16Array((lookahead + 64) * channels), limit, undefined)
      reset()
      return tail
    },
    reset,
    delaySamples: Math.ceil((lookahead * to) / from),
    close(): void {
      if (isClosed) return
      isClosed = true
      source.destroy()
    },
  })
}
