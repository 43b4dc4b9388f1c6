import type { AudioEncoding } from '@parley/spec'
import { expect, test } from 'vitest'

import { parseWav } from './parse-wav.ts'
import { createWavWriter, encodeWav } from './wav-writer.ts'

const samples = Int16Array.from({ length: 801 }, (_, index) => Math.round(12_000 * Math.sin(index / 5)))

test.for(['pcm16', 'f32', 'pcmu', 'pcma'] as const)(
  'A-6 %s that is written is read again',
  (encoding: AudioEncoding) => {
    const file = encodeWav({ encoding, sampleRateHz: 8_000, channels: 1 }, [
      samples.subarray(0, 300),
      samples.subarray(300),
    ])
    const read = parseWav(file)
    expect(read).toMatchObject({
      format: { encoding, sampleRateHz: 8_000, channels: 1 },
      truncated: false,
      durationMs: 100.125,
    })
    const tolerance = encoding === 'pcm16' || encoding === 'f32' ? 0 : 512
    expect(read.samples).toHaveLength(801)
    read.samples.forEach((sample, index) =>
      expect(Math.abs(sample - (samples[index] ?? 0))).toBeLessThanOrEqual(tolerance),
    )
    expect(file.length % 2).toBe(0)
    expect(new DataView(file.buffer).getUint32(4, true)).toBe(file.length - 8)
  },
)

test('A-6 a stream whose size field is 0 or 0xFFFFFFFF is read to its end', () => {
  const writer = createWavWriter({ encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 })
  const file = joined(writer.header(), writer.chunk(samples))
  expect(parseWav(file)).toMatchObject({ samples, truncated: false })
  new DataView(file.buffer).setUint32(40, 0, true)
  expect(parseWav(file)).toMatchObject({ samples, truncated: false })
})

test('A-6 the patch of a finished writer makes the sizes true', () => {
  const writer = createWavWriter({ encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 })
  const file = joined(writer.header(), writer.chunk(samples))
  const { patch, tail } = writer.finish()
  for (const { offset, bytes } of patch) file.set(bytes, offset)
  expect(joined(file, tail)).toEqual(encodeWav({ encoding: 'pcmu', sampleRateHz: 8_000, channels: 1 }, [samples]))
})

test('A-6 a truncated file yields the samples that are there', () => {
  const file = encodeWav({ encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 }, [samples])
  const read = parseWav(file.subarray(0, 44 + 101))
  expect(read.truncated).toBe(true)
  expect(read.samples).toEqual(samples.slice(0, 50))
})

test('A-6 unknown chunks, odd padding and WAVE_FORMAT_EXTENSIBLE are read', () => {
  const plain = encodeWav({ encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 }, [samples])
  const format = new Uint8Array(8 + 40)
  format.set(plain.subarray(12, 36))
  const view = new DataView(format.buffer)
  view.setUint32(4, 40, true)
  view.setUint16(8, 0xfffe, true)
  view.setUint16(8 + 16, 22, true)
  view.setUint16(8 + 24, 1, true)
  const odd = Uint8Array.of(0x4c, 0x49, 0x53, 0x54, 3, 0, 0, 0, 1, 2, 3, 0)
  const read = parseWav(joined(plain.subarray(0, 12), odd, format, odd, plain.subarray(36)))
  expect(read).toMatchObject({
    format: { encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 },
    samples,
    truncated: false,
  })
})

test('what is no WAV file, and samples of another kind, are refused by code', () => {
  expect(() => parseWav(new Uint8Array(5))).toThrow(expect.objectContaining({ code: 'audio_frame_invalid' }))
  const file = encodeWav({ encoding: 'pcm16', sampleRateHz: 8_000, channels: 1 }, [samples])
  expect(() => parseWav(file.subarray(0, 30))).toThrow(expect.objectContaining({ code: 'audio_frame_invalid' }))
  new DataView(file.buffer).setUint16(34, 24, true)
  expect(() => parseWav(file)).toThrow(expect.objectContaining({ code: 'audio_format_unsupported' }))
})

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
