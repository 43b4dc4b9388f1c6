import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createFramer } from './framer.ts'

const chunks = fc.array(fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 700 }), { maxLength: 12 })

test('A-3 the framer is sample-exact for any chunking', () => {
  fc.assert(
    fc.property(chunks, fc.constantFrom(1 as const, 2 as const), (parts, channels) => {
      const framer = createFramer({ sampleRateHz: 8_000, channels })
      const frames: number[][] = []
      const positions: number[] = []
      const keep = (frame: { samples: Int16Array; position: number }): void => {
        frames.push([...frame.samples])
        positions.push(frame.position)
      }
      for (const part of parts) framer.push(Int16Array.from(part), keep)
      const input = parts.flat()
      const whole = Math.floor(input.length / (160 * channels))
      expect(frames.flat()).toEqual(input.slice(0, whole * 160 * channels))
      expect(framer.pendingSamples).toBe(input.length - whole * 160 * channels)
      framer.flush(keep)
      const output = frames.flat()
      expect(output.slice(0, input.length)).toEqual(input)
      expect(output.slice(input.length).every((sample) => sample === 0)).toBe(true)
      expect(output.length % (160 * channels)).toBe(0)
      expect(positions).toEqual(frames.map((_, index) => index * 160))
      expect(framer.pendingSamples).toBe(0)
    }),
  )
})

test('defaults: a frame is 20 ms of one channel', () => {
  const framer = createFramer({ sampleRateHz: 24_000 })
  framer.push(new Int16Array(480), (frame) => {
    expect(frame).toEqual({ samples: new Int16Array(480), sampleRateHz: 24_000, channels: 1, position: 0 })
  })
  expect(framer.pendingSamples).toBe(0)
  expect.assertions(2)
})

test('A-14 a chunk may be written over as soon as push has returned', () => {
  const framer = createFramer({ sampleRateHz: 8_000 })
  const chunk = new Int16Array(100).fill(7)
  framer.push(chunk, () => {})
  chunk.fill(9)
  let heard: number[] = []
  framer.flush(({ samples }) => (heard = [...samples.subarray(0, 100)]))
  expect(heard).toEqual(Array.from({ length: 100 }, () => 7))
})

test('a length that is no whole number of samples is refused, and unknown options are', () => {
  expect(() => createFramer({ sampleRateHz: 22_050, frameMs: 15 })).toThrow(
    expect.objectContaining({ code: 'invalid_options', details: { path: 'frameMs' } }),
  )
  // An option that does not exist, as from a file.
  expect(() => createFramer({ sampleRateHz: 8_000, frameMS: 20 } as { sampleRateHz: 8_000 })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test('reset drops what waits and counts positions from 0', () => {
  const framer = createFramer({ sampleRateHz: 8_000 })
  framer.push(new Int16Array(200), () => {})
  framer.reset()
  expect(framer.pendingSamples).toBe(0)
  let position = -1
  framer.push(new Int16Array(160), (frame) => (position = frame.position))
  expect(position).toBe(0)
})
