import { ParleyError } from '@parley/spec'
import type { SampleRate } from '@parley/spec'

import { checkNumbers, isSampleRate, unsupportedFormat } from './format-checks.ts'
import { createPolyphaseResampler } from './polyphase-resampler.ts'
import { createSincResampler } from './sinc-resampler.ts'

/** Options of `createResampler`. */
export interface ResamplerOptions {
  /** Interleaved if there are two. @default 1 */
  channels?: 1 | 2
  /** `voice`: images and aliases 50 dB down; `high`: 80 dB, at ten times the cost and 26 MB a stream. @default 'voice' */
  quality?: 'voice' | 'high'
}

/** Changes the rate of one stream in one direction; output sample n belongs to the instant of input sample `n * from / to`. */
export interface Resampler {
  /**
   * Gives what can be made of the samples so far. It is a view, valid until the next call, of `out` if that is given.
   * @throws {RangeError} when `out` is too short
   */
  push(samples: Int16Array, out?: Int16Array): Int16Array
  /** Gives what was held back, as if silence followed; then the stream begins anew. A view, valid until the next call. */
  flush(): Int16Array
  /** Forgets all that was pushed. */
  reset(): void
  /** How many samples the output is held back, at the output's rate. */
  readonly delaySamples: number
  /** Frees its memory. Idempotent. */
  close(): void
}

/**
 * Makes a resampler. The same rate is passed through: `push` then gives the very samples.
 * @throws {ParleyError} `audio_format_unsupported`, `invalid_options`
 */
export async function createResampler(
  from: SampleRate,
  to: SampleRate,
  options: ResamplerOptions = {},
): Promise<Resampler> {
  const { channels = 1, quality = 'voice' } = options
  checkNumbers('A resampler', options, ['channels', 'quality'], { channels: { value: channels, min: 1, max: 2 } })
  if (quality !== 'voice' && quality !== 'high') {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'A resampler: quality is voice or high.',
      details: { path: 'quality', expected: 'voice | high' },
    })
  }
  if (!isSampleRate(from) || !isSampleRate(to)) {
    const encoding = 'pcm16'
    throw unsupportedFormat({ encoding, sampleRateHz: from, channels }, { encoding, sampleRateHz: to, channels })
  }
  if (from === to) return createPassThrough()
  return quality === 'voice' ? createPolyphaseResampler(from, to, channels) : createSincResampler(from, to, channels)
}

function createPassThrough(): Resampler {
  const nothing = new Int16Array(0)
  return Object.freeze({
    push(samples: Int16Array, out?: Int16Array): Int16Array {
      if (out === undefined) return samples
      out.set(samples)
      return out.length === samples.length ? out : out.subarray(0, samples.length)
    },
    flush: () => nothing,
    reset: () => {},
    delaySamples: 0,
    close: () => {},
  })
}
