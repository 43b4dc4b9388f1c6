import { ParleyError } from '@parley/spec'
import type { AudioEncoding, AudioFormat } from '@parley/spec'

import { isSampleRate, unsupportedFormat } from '../format-checks.ts'
import { bytesPerSampleOf, fromBytes } from '../pcm-bytes.ts'
import { wavTags } from './wav-writer.ts'

/** What a WAV file says of itself. */
export interface WavInfo {
  format: AudioFormat
  /** In milliseconds. */
  durationMs: number
  /** Whether the file ends before its samples do. */
  truncated: boolean
}

const extensibleTag = 0xfffe

/**
 * Reads a WAV file: PCM16, float32, G.711, also as `WAVE_FORMAT_EXTENSIBLE`; streams whose size is not known are read to their end.
 * @throws {ParleyError} `audio_frame_invalid` when it is no WAV file, `audio_format_unsupported` when its samples are of another kind
 */
export function parseWav(bytes: Uint8Array): WavInfo & { samples: Int16Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12 || nameAt(view, 0) !== 'RIFF' || nameAt(view, 8) !== 'WAVE') {
    throw invalidWav('does not begin with RIFF and WAVE')
  }
  let format: AudioFormat | undefined
  for (let offset = 12; offset + 8 <= bytes.length;) {
    const name = nameAt(view, offset)
    const size = view.getUint32(offset + 4, true)
    const start = offset + 8
    if (name === 'fmt ') format = formatAt(view, start, size)
    if (name === 'data') {
      if (format === undefined) throw invalidWav('has samples before it says of what format they are')
      return readData(bytes, start, size, format)
    }
    offset = start + size + (size % 2)
  }
  throw invalidWav(format === undefined ? 'does not say of what format it is' : 'has no samples')
}

function readData(
  bytes: Uint8Array,
  start: number,
  size: number,
  format: AudioFormat,
): WavInfo & { samples: Int16Array } {
  const present = bytes.length - start
  // Streams are written with 0 or the largest size there is, since nobody knew it.
  const isUnknown = size === 0xffff_ffff || (size === 0 && present > 0)
  const width = bytesPerSampleOf(format.encoding) * format.channels
  const wanted = isUnknown ? present : size
  const length = Math.floor(Math.min(wanted, present) / width)
  const samples = fromBytes(bytes.subarray(start, start + length * width), format.encoding)
  return {
    format,
    durationMs: (length / format.sampleRateHz) * 1_000,
    truncated: (!isUnknown && present < size) || Math.min(wanted, present) % width !== 0,
    samples,
  }
}

function formatAt(view: DataView, start: number, size: number): AudioFormat {
  if (size < 16 || start + size > view.byteLength) throw invalidWav('ends inside its format')
  const tag = view.getUint16(start, true)
  const channels = view.getUint16(start + 2, true)
  const sampleRateHz = view.getUint32(start + 4, true)
  const bits = view.getUint16(start + 14, true)
  // An extensible format names its own tag by the first two bytes of an identifier.
  const known = tag === extensibleTag && size >= 26 ? view.getUint16(start + 24, true) : tag
  const encoding = encodingOf(known, bits)
  if (encoding !== undefined && (channels === 1 || channels === 2) && isSampleRate(sampleRateHz)) {
    return { encoding, sampleRateHz, channels }
  }
  throw unsupportedFormat(
    { encoding: encoding ?? `wav ${known} of ${bits} bits`, sampleRateHz, channels },
    { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 },
  )
}

function encodingOf(tag: number, bits: number): AudioEncoding | undefined {
  if (tag === wavTags.pcm16 && bits === 16) return 'pcm16'
  if (tag === wavTags.f32 && bits === 32) return 'f32'
  if (tag === wavTags.pcmu && bits === 8) return 'pcmu'
  return tag === wavTags.pcma && bits === 8 ? 'pcma' : undefined
}

function nameAt(view: DataView, offset: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(offset + index)))
}

function invalidWav(what: string): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `The WAV file ${what}: give a whole file of samples.`,
    details: { reason: what },
  })
}
