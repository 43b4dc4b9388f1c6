import type { AudioFormat } from '@parley/spec'
import { expect, test } from 'vitest'

import { audioFromBase64, bytesOf, frameFromBytes, MAX_FRAME_BYTES } from './frame-bytes.ts'
import { createFramer } from './framer.ts'
import { fromBytes, toBytes } from './pcm-bytes.ts'

const pcm: AudioFormat = { encoding: 'pcm16', sampleRateHz: 16_000, channels: 1 }
const invalid = expect.objectContaining({ code: 'audio_frame_invalid' })

test('A-2 odd byte counts and lengths that are no whole number of samples are audio_frame_invalid', () => {
  expect(() => frameFromBytes(new Uint8Array(321), pcm)).toThrow(invalid)
  expect(() => frameFromBytes(new Uint8Array(322), { ...pcm, channels: 2 })).toThrow(invalid)
  expect(() => frameFromBytes(new Uint8Array(322), { ...pcm, encoding: 'f32' })).toThrow(invalid)
  expect(frameFromBytes(new Uint8Array(321), { ...pcm, encoding: 'pcmu' }).samples).toHaveLength(321)
})

test('A-2 a frame over 256 KiB is audio_frame_invalid, and the stream goes on', () => {
  expect(MAX_FRAME_BYTES).toBe(262_144)
  expect(frameFromBytes(new Uint8Array(262_144), pcm).samples).toHaveLength(131_072)
  expect(() => frameFromBytes(new Uint8Array(262_146), pcm)).toThrow(invalid)
  const framer = createFramer({ sampleRateHz: 16_000 })
  let frames = 0
  for (const size of [640, 641, 640]) {
    try {
      framer.push(frameFromBytes(new Uint8Array(size), pcm).samples, () => (frames += 1))
    } catch (error) {
      expect(error).toMatchObject({ code: 'audio_frame_invalid' })
    }
  }
  expect(frames).toBe(2)
})

test('A-2 the size of base64 is checked before it is decoded', () => {
  // Decoding would fail at the first character: the size is what is told, so it was looked at first.
  expect(() => audioFromBase64('!'.repeat(400_000))).toThrow(
    expect.objectContaining({ details: { size: 300_000, maxBytes: 262_144 } }),
  )
  expect(() => audioFromBase64('AAAA!AAA')).toThrow(expect.objectContaining({ details: { atCharacter: 4 } }))
  for (const length of [0, 1, 2, 3, 4, 255, 1_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37) & 255)
    const text = btoa(String.fromCharCode(...bytes))
    expect(audioFromBase64(text)).toEqual(bytes)
    expect(audioFromBase64(text.replaceAll('=', ''))).toEqual(bytes)
  }
})

test('A-13 bytes are little-endian also where the machine is not, and at any address', () => {
  const samples = Int16Array.of(1, -2, 0x1234, -32_768)
  const expected = Uint8Array.of(1, 0, 0xfe, 0xff, 0x34, 0x12, 0, 0x80)
  expect(toBytes(samples, 'pcm16', true)).toEqual(expected)
  expect(toBytes(samples, 'pcm16', false)).toEqual(expected)
  const shifted = new Uint8Array(9)
  shifted.set(expected, 1)
  for (const hostIsLittle of [true, false]) {
    expect(fromBytes(shifted.subarray(1), 'pcm16', undefined, hostIsLittle)).toEqual(samples)
  }
  expect(bytesOf({ samples, sampleRateHz: 8_000, channels: 1, position: 0 }, 'pcm16')).toEqual(expected)
})

test('A-14 neither bytes nor frames share memory with what they were made of', () => {
  const bytes = new Uint8Array(4).fill(1)
  const { samples } = frameFromBytes(bytes, pcm)
  bytes.fill(9)
  expect(samples).toEqual(Int16Array.of(0x101, 0x101))
  const written = bytesOf({ samples, sampleRateHz: 8_000, channels: 1, position: 0 }, 'pcm16')
  samples.fill(0)
  expect(written).toEqual(new Uint8Array(4).fill(1))
})

test('float samples are clipped at full scale', () => {
  const bytes = new Uint8Array(Float32Array.of(1.5, -1.5, 0.5).buffer)
  expect(fromBytes(bytes, 'f32')).toEqual(Int16Array.of(32_767, -32_768, 16_384))
})
