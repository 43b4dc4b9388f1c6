import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createJitterBuffer } from './jitter-buffer.ts'
import type { JitterBuffer } from './jitter-buffer.ts'

const frameOf = (value: number): Int16Array => new Int16Array(160).fill(value)

/** Pulls frames and says what they are: the value of received ones. */
function play(buffer: JitterBuffer, count: number): (number | string)[] {
  return Array.from({ length: count }, () => {
    const { frame, kind } = buffer.pull()
    return kind === 'audio' ? (frame.samples[159] ?? NaN) : kind
  })
}

test('A-8 frames come out in the order of their numbers, whatever order they come in', () => {
  fc.assert(
    fc.property(
      // Each frame is at most two places from its own, which is what 60 ms can even out.
      fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 20, maxLength: 60 }),
      fc.constantFrom(0, 65_530, 4_294_967_290),
      (shifts, start) => {
        const sequenceBits = start === 65_530 ? 16 : 32
        const buffer = createJitterBuffer({ sampleRateHz: 8_000, targetMs: 60, minMs: 60, sequenceBits })
        const order = shifts.map((shift, index) => ({ index, at: index + shift * 0.99 }))
        order.sort((one, other) => one.at - other.at)
        const heard: (number | string)[] = []
        order.forEach(({ index }, step) => {
          buffer.push((start + index) % 2 ** sequenceBits, frameOf(index + 1), step * 20)
          if (step >= 2) heard.push(...play(buffer, 1))
        })
        expect(buffer.stats.lost).toBe(0)
        const values = heard.filter((value) => typeof value === 'number')
        expect(values).toEqual(values.map((_, index) => (values[0] ?? 0) + index))
        expect(values.length).toBeGreaterThanOrEqual(shifts.length - 4)
      },
    ),
  )
})

test('A-8 nothing plays before the target is there', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  buffer.push(1, frameOf(1), 0)
  buffer.push(2, frameOf(2), 20)
  expect(play(buffer, 1)).toEqual(['silence'])
  buffer.push(3, frameOf(3), 40)
  expect(play(buffer, 3)).toEqual([1, 2, 3])
})

test('A-8 one lost frame is the last one fading out, more are silence, and what follows plays on', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  for (const sequence of [1, 2, 3, 5, 6, 9, 10]) buffer.push(sequence, frameOf(sequence * 1_000), sequence)
  expect(play(buffer, 3)).toEqual([1_000, 2_000, 3_000])
  const { frame, kind } = buffer.pull()
  expect(kind).toBe('concealed')
  expect(frame.samples[0]).toBe(3_000)
  expect(frame.samples[80]).toBe(1_500)
  expect(frame.samples[159]).toBeLessThan(40)
  expect(play(buffer, 6)).toEqual([5_000, 6_000, 'concealed', 'silence', 9_000, 10_000])
  expect(buffer.stats.lost).toBe(3)
})

test('A-8 late packets are dropped and counted, duplicates ignored', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  for (const sequence of [1, 2, 3, 5]) buffer.push(sequence, frameOf(sequence), sequence * 20)
  expect(buffer.push(5, frameOf(99), 100)).toBe('duplicate')
  expect(play(buffer, 5)).toEqual([1, 2, 3, 'concealed', 5])
  expect(buffer.push(4, frameOf(4), 200)).toBe('late')
  expect(buffer.stats).toMatchObject({ received: 6, late: 1, duplicates: 1, lost: 1 })
})

test('A-8 sequence numbers wrap', () => {
  for (const bits of [16, 32] as const) {
    const buffer = createJitterBuffer({ sampleRateHz: 8_000, sequenceBits: bits })
    const top = 2 ** bits
    for (let index = 0; index < 4; index++) buffer.push((top - 2 + index) % top, frameOf(index + 1), index * 20)
    expect(play(buffer, 4)).toEqual([1, 2, 3, 4])
  }
})

test('A-8 the target follows the 95th percentile of the arrival spread, within its bounds', () => {
  const targetAfter = (delayOf: (index: number) => number): number => {
    const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
    for (let index = 0; index < 200; index++) {
      buffer.push(index, frameOf(1), index * 20 + delayOf(index))
      buffer.pull()
    }
    return buffer.stats.targetMs
  }
  expect(targetAfter(() => 0)).toBe(20)
  expect(targetAfter((index) => (index % 10 === 0 ? 90 : 0))).toBe(90)
  // One in fifty is outside of 95 of 100.
  expect(targetAfter((index) => (index % 50 === 0 ? 90 : 30 * (index % 2)))).toBe(30)
  expect(targetAfter((index) => (index % 5 === 0 ? 900 : 0))).toBe(200)
})

test('A-8 what waits never grows beyond the most it may', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  for (let index = 0; index < 15; index++) buffer.push(index, frameOf(index), 0)
  expect(buffer.stats.dropped).toBe(5)
  expect(play(buffer, 10)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
})

test('A-8 when nothing comes it is silent, and gathers again when something does', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  for (let index = 0; index < 3; index++) buffer.push(index, frameOf(index + 1), index * 20)
  expect(play(buffer, 15)).toEqual([1, 2, 3, 'concealed', ...Array.from({ length: 11 }, () => 'silence')])
  for (const sequence of [40, 41]) buffer.push(sequence, frameOf(sequence), sequence * 20)
  expect(play(buffer, 1)).toEqual(['silence'])
  buffer.push(42, frameOf(42), 900)
  expect(play(buffer, 3)).toEqual([40, 41, 42])
})

test('defaults: 60 ms to begin with, 20 at least, 200 at most', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  expect(buffer.stats).toEqual({ received: 0, late: 0, duplicates: 0, lost: 0, dropped: 0, targetMs: 60 })
})

test('A-2 A-14 a frame of another length is refused and the stream goes on; what was pushed may be written over', () => {
  const buffer = createJitterBuffer({ sampleRateHz: 8_000 })
  const samples = frameOf(4)
  for (let index = 0; index < 3; index++) {
    samples.fill(4)
    buffer.push(index, samples, index * 20)
    samples.fill(9)
    expect(() => buffer.push(index + 1, new Int16Array(7), 0)).toThrow(
      expect.objectContaining({ code: 'audio_frame_invalid' }),
    )
  }
  expect(play(buffer, 3)).toEqual([4, 4, 4])
  expect(buffer.pull().frame.position).toBe(480)
})
