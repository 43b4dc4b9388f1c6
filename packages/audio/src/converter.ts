import { ParleyError } from '@parley/spec'
import type { AudioFormat, AudioFrame } from '@parley/spec'

import { toSample } from './fade.ts'
import { isAudioFormat, unsupportedFormat } from './format-checks.ts'
import { checkFrameBytes } from './frame-bytes.ts'
import { fromBytes, toBytes } from './pcm-bytes.ts'
import { createResampler } from './resampler.ts'

/** Turns one stream of one format into another one. */
export interface Converter {
  /**
   * Converts rate and channels of a linear frame; the frame given back is the same object each time and may be empty.
   * @throws {ParleyError} `audio_frame_invalid` when the frame is not of the format; the stream goes on
   */
  pushFrame(frame: AudioFrame): AudioFrame
  /**
   * Converts bytes, encoding included.
   * @throws {ParleyError} `audio_frame_invalid`; the stream goes on
   */
  pushBytes(bytes: Uint8Array): Uint8Array
  /** Gives what was held back. */
  flushFrame(): AudioFrame
  /** Gives what was held back, as bytes. */
  flushBytes(): Uint8Array
  /** Idempotent. */
  close(): void
}

/**
 * Makes a converter between two formats.
 * @throws {ParleyError} `audio_format_unsupported { from, to }` when there is no way from one to the other
 */
export async function createConverter(from: AudioFormat, to: AudioFormat): Promise<Converter> {
  if (!isAudioFormat(from) || !isAudioFormat(to)) throw unsupportedFormat(from, to)
  // What has two channels at one end only goes through the resampler as one.
  const channels = from.channels === 2 && to.channels === 2 ? 2 : 1
  const resampler = await createResampler(from.sampleRateHz, to.sampleRateHz, { channels })
  const frame: AudioFrame = {
    samples: new Int16Array(0),
    sampleRateHz: to.sampleRateHz,
    channels: to.channels,
    position: 0,
  }
  let given = 0
  let narrowed = new Int16Array(0)
  let widened = new Int16Array(0)

  const narrow = (samples: Int16Array): Int16Array => {
    if (from.channels === channels) return samples
    const length = samples.length / 2
    if (narrowed.length !== length) narrowed = new Int16Array(length)
    for (let index = 0; index < length; index++) {
      narrowed[index] = toSample(((samples[index * 2] as number) + (samples[index * 2 + 1] as number)) / 2) // both channels are there
    }
    return narrowed
  }

  const widen = (samples: Int16Array): Int16Array => {
    if (to.channels === channels) return samples
    const length = samples.length * 2
    if (widened.length !== length) widened = new Int16Array(length)
    for (let index = 0; index < length; index++) widened[index] = samples[index >> 1] as number // half the length
    return widened
  }

  const give = (samples: Int16Array): AudioFrame => {
    frame.samples = widen(samples)
    frame.position = given
    given += frame.samples.length / to.channels
    return frame
  }

  const pushFrame = (pushed: AudioFrame): AudioFrame => {
    const { samples, sampleRateHz } = pushed
    const isRight = sampleRateHz === from.sampleRateHz && pushed.channels === from.channels
    if (isRight && samples.length % from.channels === 0) return give(resampler.push(narrow(samples)))
    throw new ParleyError({
      code: 'audio_frame_invalid',
      message: `A frame of ${sampleRateHz} Hz with ${pushed.channels} channels came where ${from.sampleRateHz} Hz with ${from.channels} was agreed: it was left out.`,
      details: { sampleRateHz, channels: pushed.channels },
    })
  }

  return Object.freeze({
    pushFrame,
    pushBytes(bytes: Uint8Array): Uint8Array {
      checkFrameBytes(bytes.length, from)
      const { sampleRateHz } = from
      const samples = fromBytes(bytes, from.encoding)
      return toBytes(pushFrame({ samples, sampleRateHz, channels: from.channels, position: 0 }).samples, to.encoding)
    },
    flushFrame: () => give(resampler.flush()),
    flushBytes: () => toBytes(give(resampler.flush()).samples, to.encoding),
    close: () => resampler.close(),
  })
}
