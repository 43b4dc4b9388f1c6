import { expect, test } from 'vitest'
import { createPlayoutRing, type PlayoutProgress } from './playout.worklet.ts'

const rate = 24_000

function setUp({ speakerRate = rate, ...more }: { speakerRate?: number; maxMs?: number } = {}) {
  const ring = createPlayoutRing({ rate, speakerRate, ...more })
  const heard: number[] = []
  return {
    ring,
    heard,
    push: (lengthMs: number, isLast = false, level = 16_384) =>
      ring.push(
        Int16Array.from({ length: (rate * lengthMs) / 1_000 }, () => level),
        isLast,
      ),
    /** Pulls blocks of 128 samples for at least a time; gives what sounded. */
    pull(lengthMs: number): number[] {
      const before = heard.length
      for (let left = (speakerRate * lengthMs) / 1_000; left > 0; left -= 128) {
        const block = new Float32Array(128)
        ring.pull(block)
        heard.push(...block)
      }
      return heard.slice(before)
    },
    largestStep: () =>
      heard.reduce((most, sample, index) => Math.max(most, Math.abs(sample - (heard[index - 1] ?? 0))), 0),
  }
}

test('sound starts when 60 ms wait, or at once when no more comes', () => {
  const { push, pull } = setUp()
  push(40)
  expect(Math.max(...pull(20))).toBe(0)
  push(20)
  expect(Math.max(...pull(20))).toBeGreaterThan(0.4)
  const short = setUp()
  short.push(20, true)
  expect(Math.max(...short.pull(20))).toBeGreaterThan(0.4)
})

test('every sample is sounded once and in order, and counted', () => {
  const ring = createPlayoutRing({ rate, speakerRate: rate, fadeMs: 0.01 })
  const samples = Int16Array.from({ length: 2_400 }, (_, index) => index * 10)
  ring.push(samples.subarray(0, 1_500), false)
  ring.push(samples.subarray(1_500), true)
  const block = new Float32Array(2_560)
  ring.pull(block)
  expect(Array.from(block.subarray(1, 2_400), (sample) => Math.round(sample * 32_768))).toEqual([
    ...samples.subarray(1),
  ])
  expect(ring.progress).toEqual({ played: 2_400, buffered: 0, underruns: 0 })
})

test('a clear fades within 10 ms without a step, drops what waited, and keeps what comes after it', () => {
  const { ring, push, pull, largestStep, heard } = setUp()
  push(500)
  pull(100)
  const playedBefore = ring.progress.played
  let cleared: PlayoutProgress | undefined
  ring.clear((progress) => (cleared = progress))
  push(20, true, -16_384)
  const after = pull(15)
  expect(cleared?.played).toBeGreaterThan(playedBefore)
  expect(cleared?.played).toBeLessThanOrEqual(playedBefore + 241)
  expect(after.slice(0, 200).every((sample) => sample >= 0)).toBe(true)
  pull(40)
  expect(Math.min(...heard)).toBeLessThan(-0.4)
  expect(ring.progress).toEqual({ played: 500 * 24 + 20 * 24, buffered: 0, underruns: 0 })
  expect(largestStep()).toBeLessThan(0.1)
})

test('what comes after a clear does not sound while the rest fades', () => {
  const { ring, push, pull, heard } = setUp()
  push(105)
  pull(100)
  let cleared: PlayoutProgress | undefined
  ring.clear((progress) => (cleared = progress))
  push(100, true, -16_384)
  pull(5)
  expect(Math.min(...heard)).toBeGreaterThanOrEqual(0)
  pull(20)
  expect(cleared?.played).toBe(105 * 24)
})

test('a clear while nothing sounds is done at once', () => {
  const { ring, push } = setUp()
  push(20)
  let cleared: PlayoutProgress | undefined
  ring.clear((progress) => (cleared = progress))
  expect(cleared).toMatchObject({ played: 0 })
  expect(ring.progress).toMatchObject({ played: 480, buffered: 0 })
})

test('a pause fades, holds its place, and goes on there without a step', () => {
  const { ring, push, pull, largestStep } = setUp()
  push(500, true)
  pull(50)
  let paused: PlayoutProgress | undefined
  ring.pause((progress) => (paused = progress))
  pull(20)
  const place = ring.progress.played
  expect(paused?.played).toBe(place)
  expect(Math.max(...pull(200))).toBe(0)
  expect(ring.progress.played).toBe(place)
  ring.resume()
  pull(600)
  expect(ring.progress).toMatchObject({ played: 12_000, buffered: 0 })
  expect(largestStep()).toBeLessThan(0.1)
})

test('running dry within speech counts and fades; at its end it does not count', () => {
  const { ring, push, pull, largestStep } = setUp()
  push(100)
  pull(200)
  expect(ring.progress.underruns).toBe(1)
  push(100, true)
  pull(200)
  expect(ring.progress.underruns).toBe(1)
  expect(largestStep()).toBeLessThan(0.1)
})

test('no more than 10 s wait: the oldest give way and places stay true', () => {
  const { ring, push } = setUp()
  for (let index = 0; index < 11; index++) push(1_000)
  expect(ring.progress).toMatchObject({ played: 24_000, buffered: 240_000 })
})

test.each([44_100, 48_000, 22_050])(
  'a speaker at %i Hz plays as long as one at the rate of the call',
  (speakerRate) => {
    const { ring, push, pull, largestStep } = setUp({ speakerRate })
    push(1_000, true)
    pull(990)
    expect(Math.abs(ring.progress.buffered - 240)).toBeLessThan(160)
    pull(30)
    expect(ring.progress).toMatchObject({ played: 24_000, buffered: 0 })
    expect(largestStep()).toBeLessThan(0.1)
  },
)
