import type { AudioEncoding, AudioFormat } from '@parley/spec'

import { checkAudioFormat } from '../format-checks.ts'
import { bytesPerSampleOf, toBytes } from '../pcm-bytes.ts'

/** Format tags of the RIFF container (RFC 2361). */
export const wavTags: Readonly<Record<AudioEncoding, number>> = { pcm16: 1, f32: 3, pcma: 6, pcmu: 7 }

/** Writes a WAV file piece by piece, for streams whose length is not known at the start. */
export interface WavWriter {
  /** The bytes before the samples; its sizes say "unknown" until they are patched. */
  header(): Uint8Array
  /** Samples (interleaved if there are two channels) as bytes of the file. */
  chunk(samples: Int16Array): Uint8Array
  /** What is to be overwritten in the file once all chunks are written, and what is to be added at its end. */
  finish(): WavEnd
}

/** What makes a written WAV file whole. */
export interface WavEnd {
  patch: { offset: number; bytes: Uint8Array }[]
  /** A byte of padding if the data has an odd length, else empty. */
  tail: Uint8Array
}

const unknownSize = 0xffff_ffff

/**
 * Makes a writer of WAV files.
 * @throws {ParleyError} `audio_format_unsupported`
 */
export function createWavWriter(format: AudioFormat): WavWriter {
  checkAudioFormat(format)
  const { encoding } = format
  let dataBytes = 0
  return Object.freeze({
    header: () => headerOf(format, unknownSize),
    chunk(samples: Int16Array): Uint8Array {
      const bytes = toBytes(samples, encoding)
      dataBytes += bytes.length
      return bytes
    },
    finish(): WavEnd {
      const whole = headerOf(format, dataBytes)
      const patch = [{ offset: 4, bytes: whole.slice(4, 8) }]
      if (encoding !== 'pcm16') patch.push({ offset: factOffset, bytes: whole.slice(factOffset, factOffset + 4) })
      patch.push({ offset: whole.length - 4, bytes: whole.slice(-4) })
      return { patch, tail: new Uint8Array(dataBytes % 2) }
    },
  })
}

/**
 * Writes a whole WAV file.
 * @throws {ParleyError} `audio_format_unsupported`
 */
export function encodeWav(format: AudioFormat, chunks: Iterable<Int16Array>): Uint8Array {
  const writer = createWavWriter(format)
  const parts = [writer.header()]
  for (const chunk of chunks) parts.push(writer.chunk(chunk))
  const { patch, tail } = writer.finish()
  parts.push(tail)
  const file = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    file.set(part, offset)
    offset += part.length
  }
  for (const { offset: at, bytes } of patch) file.set(bytes, at)
  return file
}

/** Where the `fact` chunk, which all encodings but PCM have, says how many samples there are. */
const factOffset = 46

function headerOf({ encoding, sampleRateHz, channels }: AudioFormat, dataBytes: number): Uint8Array {
  const isPcm = encoding === 'pcm16'
  const header = new Uint8Array(isPcm ? 44 : 58)
  const view = new DataView(header.buffer)
  const width = bytesPerSampleOf(encoding)
  const isKnown = dataBytes !== unknownSize
  const name = (offset: number, text: string): void =>
    text.split('').forEach((letter, index) => view.setUint8(offset + index, letter.charCodeAt(0)))
  name(0, 'RIFF')
  view.setUint32(4, isKnown ? header.length - 8 + dataBytes + (dataBytes % 2) : unknownSize, true)
  name(8, 'WAVEfmt ')
  view.setUint32(16, isPcm ? 16 : 18, true)
  view.setUint16(20, wavTags[encoding], true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRateHz, true)
  view.setUint32(28, sampleRateHz * channels * width, true)
  view.setUint16(32, channels * width, true)
  view.setUint16(34, width * 8, true)
  if (!isPcm) {
    name(38, 'fact')
    view.setUint32(42, 4, true)
    view.setUint32(factOffset, isKnown ? dataBytes / width / channels : unknownSize, true)
  }
  name(header.length - 8, 'data')
  view.setUint32(header.length - 4, dataBytes, true)
  return header
}
