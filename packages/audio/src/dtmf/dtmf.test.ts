import { sampleRates } from '@parley/spec'
import type { SampleRate } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { speechLike } from '../__fixtures__/speech-like.ts'
import { levels } from '../levels.ts'
import { tone } from '../tone.ts'
import { createDtmfDetector } from './dtmf-detector.ts'
import { dtmfTone } from './dtmf-tone.ts'

interface Heard {
  digit: string
  durationMs: number
  atPosition: number
}

function detect(samples: Int16Array, sampleRateHz: SampleRate = 8_000, chunk = samples.length): Heard[] {
  const heard: Heard[] = []
  const detector = createDtmfDetector({
    sampleRateHz,
    onDigit: (digit, durationMs, atPosition) => heard.push({ digit, durationMs, atPosition }),
  })
  for (let at = 0; at < samples.length; at += chunk) detector.push({ samples: samples.subarray(at, at + chunk) })
  detector.flush()
  return heard
}

function joined(...parts: Int16Array[]): Int16Array {
  return Int16Array.from(parts.flatMap((part) => [...part]))
}

const digits = (heard: Heard[]): string => heard.map(({ digit }) => digit).join('')
const all = '0123456789*#ABCD'

test('A-11 all keys are heard at every rate, wherever they begin and however they are chunked', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...sampleRates),
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 1, max: 2_000 }),
      (sampleRateHz, shift, chunk) => {
        const tones = all.split('').map((digit) => dtmfTone(digit, { sampleRateHz }).samples)
        expect(digits(detect(joined(new Int16Array(shift), ...tones), sampleRateHz, chunk))).toBe(all)
      },
    ),
    { numRuns: 25 },
  )
})

test('A-11 a digit comes with its length and its place', () => {
  const [first, second] = detect(
    joined(new Int16Array(800), dtmfTone('5').samples, dtmfTone('5', { toneMs: 300 }).samples),
  )
  expect(first?.digit).toBe('5')
  expect(Math.abs((first?.durationMs ?? 0) - 100)).toBeLessThanOrEqual(20)
  expect(Math.abs((first?.atPosition ?? 0) - 800)).toBeLessThanOrEqual(160)
  expect(Math.abs((second?.durationMs ?? 0) - 300)).toBeLessThanOrEqual(20)
  expect(Math.abs((second?.atPosition ?? 0) - 800 - 1_280)).toBeLessThanOrEqual(160)
})

test('A-11 40 ms are accepted and 20 are not; a gap under 20 ms does not part a digit, 60 ms do', () => {
  for (let shift = 0; shift < 80; shift += 7) {
    const lead = new Int16Array(shift)
    expect(digits(detect(joined(lead, dtmfTone('7', { toneMs: 50 }).samples, new Int16Array(800))))).toBe('7')
    expect(digits(detect(joined(lead, dtmfTone('7', { toneMs: 20 }).samples, new Int16Array(800))))).toBe('')
    const short = dtmfTone('7', { toneMs: 80, gapMs: 15 }).samples
    expect(digits(detect(joined(lead, short, short, new Int16Array(800))))).toBe('7')
    const long = dtmfTone('7', { toneMs: 80, gapMs: 60 }).samples
    expect(digits(detect(joined(lead, long, long)))).toBe('77')
  }
})

test('A-11 twist is accepted within +4 and -8 dB', () => {
  const twisted = (twistDb: number): string => {
    const low = tone({ frequencyHz: 770, durationMs: 100, sampleRateHz: 8_000, levelDbfs: -16 }).samples
    const high = tone({ frequencyHz: 1_336, durationMs: 100, sampleRateHz: 8_000, levelDbfs: -16 + twistDb }).samples
    return digits(
      detect(
        joined(
          low.map((sample, index) => sample + (high[index] ?? 0)),
          new Int16Array(800),
        ),
      ),
    )
  }
  expect([3, 0, -7].map(twisted)).toEqual(['5', '5', '5'])
  expect([5.5, -9.5].map(twisted)).toEqual(['', ''])
})

test('A-11 keys are heard in noise 15 dB below them', () => {
  const noise = speechLike(3, 8_000, 5).map((_, index) => ((Math.imul(index, 2_654_435_761) >>> 16) % 3_400) - 1_700)
  const tones = joined(...all.split('').map((digit) => dtmfTone(digit).samples))
  expect(digits(detect(tones.map((sample, index) => sample + (noise[index] ?? 0))))).toBe(all)
})

test('A-11 no digit is heard in ten minutes of speech', () => {
  const spoken: Heard[] = []
  let seconds = 0
  for (let seed = 1; seed <= 20; seed++) {
    const samples = speechLike(30, 8_000, seed * 7_919)
    // Speech it is: loud enough to be judged.
    expect(levels({ samples }).rmsDbfs).toBeGreaterThan(-35)
    seconds += samples.length / 8_000
    spoken.push(...detect(samples))
  }
  expect(seconds).toBe(600)
  expect(spoken).toEqual([])
})

test('defaults: a tone of 100 ms at -10 dBFS, a gap of 60 ms', () => {
  const { samples, sampleRateHz } = dtmfTone('1')
  expect({ sampleRateHz, length: samples.length }).toEqual({ sampleRateHz: 8_000, length: 1_280 })
  expect(samples.subarray(800).every((sample) => sample === 0)).toBe(true)
  expect(samples[795]).not.toBe(0)
  expect(levels({ samples: samples.subarray(0, 800) }).rmsDbfs).toBeCloseTo(-10, 0)
})

test('what is no key has no tone', () => {
  for (const digit of ['E', '', '12']) {
    expect(() => dtmfTone(digit)).toThrow(expect.objectContaining({ code: 'invalid_options' }))
  }
  expect(dtmfTone('a')).toEqual(dtmfTone('A'))
})
