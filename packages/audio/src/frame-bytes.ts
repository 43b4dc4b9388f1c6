import { ParleyError } from '@parley/spec'
import type { AudioEncoding, AudioFormat, AudioFrame } from '@parley/spec'

import { checkAudioFormat } from './format-checks.ts'
import { bytesPerSampleOf, fromBytes, toBytes } from './pcm-bytes.ts'

/** How large a piece of audio may be, in bytes. */
export const MAX_FRAME_BYTES: number = 256 * 1_024

/**
 * Reads a piece of audio of a format as a frame. Its samples are a copy.
 * @throws {ParleyError} `audio_frame_invalid` when the bytes are no whole number of samples or more than 256 KiB;
 * `audio_format_unsupported`
 */
export function frameFromBytes(bytes: Uint8Array, format: AudioFormat, position = 0): AudioFrame {
  checkAudioFormat(format)
  checkFrameBytes(bytes.length, format)
  const { encoding, sampleRateHz, channels } = format
  return { samples: fromBytes(bytes, encoding), sampleRateHz, channels, position }
}

/**
 * Reads base64 as bytes. The size is checked before anything is decoded.
 * @throws {ParleyError} `audio_frame_invalid` when it is no base64 or more than 256 KiB
 */
export function audioFromBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const length = text.length - padding
  const size = Math.floor((length * 3) / 4)
  if (size > MAX_FRAME_BYTES) throw tooLarge(size)
  const bytes = new Uint8Array(size)
  let bits = 0
  let held = 0
  let written = 0
  for (let index = 0; index < length; index++) {
    const value = valueOf(text.charCodeAt(index))
    if (value < 0) throw invalid('is no base64', { atCharacter: index })
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[written++] = held >> bits
  }
  if (length % 4 === 1) throw invalid('is no base64', { characters: text.length })
  return bytes
}

/** Writes a frame's samples as bytes of an encoding, at the frame's own rate. The bytes are a copy. */
export function bytesOf(frame: AudioFrame, encoding: AudioEncoding): Uint8Array {
  return toBytes(frame.samples, encoding)
}

/**
 * Refuses a size that no piece of audio of a format may have.
 * @throws {ParleyError} `audio_frame_invalid`
 */
export function checkFrameBytes(size: number, { encoding, channels }: AudioFormat): void {
  if (size > MAX_FRAME_BYTES) throw tooLarge(size)
  const width = bytesPerSampleOf(encoding) * channels
  if (size % width !== 0) throw invalid(`has ${size} bytes, which is no whole number of samples of ${width}`, { size })
}

function tooLarge(size: number): ParleyError {
  return invalid(`has ${size} bytes of at most ${MAX_FRAME_BYTES}`, { size, maxBytes: MAX_FRAME_BYTES })
}

function invalid(what: string, details: Record<string, number>): ParleyError {
  return new ParleyError({
    code: 'audio_frame_invalid',
    message: `A piece of audio ${what}: it was left out, send whole samples in smaller pieces.`,
    details,
  })
}

/** The six bits of a character of base64, both alphabets; -1 for any other. */
function valueOf(character: number): number {
  if (character >= 65 && character <= 90) return character - 65
  if (character >= 97 && character <= 122) return character - 71
  if (character >= 48 && character <= 57) return character + 4
  if (character === 43 || character === 45) return 62
  return character === 47 || character === 95 ? 63 : -1
}
