import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createMixer } from './mixer.ts'

const frameOf = (value: number, length = 160): Int16Array => new Int16Array(length).fill(value)
const repeated = (count: number, value: number): number[] => Array.from({ length: count }, () => value)
const samplesOf = (max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: -max, max }), { minLength: 160, maxLength: 160 })

test('A-7 each of N sources hears the sum of the others', () => {
  fc.assert(
    // Soft enough that the limiter has nothing to do.
    fc.property(fc.array(samplesOf(2_000), { minLength: 1, maxLength: 10 }), (sources) => {
      const mixer = createMixer({ sampleRateHz: 8_000 })
      sources.forEach((samples, index) => mixer.push(`s${index}`, Int16Array.from(samples)))
      mixer.advance()
      sources.forEach((_, excluded) => {
        const expected = Array.from({ length: 160 }, (__, at) =>
          sources.reduce((sum, samples, index) => (index === excluded ? sum : sum + (samples[at] ?? 0)), 0),
        )
        expect([...mixer.mix(`s${excluded}`)]).toEqual(expected)
      })
    }),
    { numRuns: 40 },
  )
})

test('A-7 a single source is bit-exact, at full scale too, and so is one that is left when another is excluded', () => {
  fc.assert(
    fc.property(samplesOf(32_767), (samples) => {
      const mixer = createMixer({ sampleRateHz: 8_000 })
      mixer.push('one', Int16Array.from(samples))
      mixer.advance()
      expect([...mixer.mix()]).toEqual(samples)
      mixer.push('one', Int16Array.from(samples))
      mixer.push('two', frameOf(20_000))
      mixer.advance()
      expect([...mixer.mix('two')]).toEqual(samples)
    }),
    { numRuns: 40 },
  )
})

test('A-7 the soft limiter leaves what is below -3 dBFS and bends the rest; clip cuts', () => {
  const knee = 32_768 * 10 ** (-3 / 20)
  for (const limiter of ['soft', 'clip'] as const) {
    const mixer = createMixer({ sampleRateHz: 8_000, limiter })
    const mixed = (one: number, two: number): number => {
      mixer.push('a', frameOf(one))
      mixer.push('b', frameOf(two))
      mixer.advance()
      return mixer.mix()[0] ?? 0
    }
    expect(mixed(10_000, Math.floor(knee) - 10_000)).toBe(Math.floor(knee))
    const loud = mixed(20_000, 8_000)
    const louder = mixed(25_000, 25_000)
    if (limiter === 'clip') expect([loud, louder]).toEqual([28_000, 32_767])
    else {
      expect(loud).toBeGreaterThan(knee)
      expect(loud).toBeLessThan(28_000)
      expect(louder).toBeGreaterThan(loud)
      expect(louder).toBeLessThanOrEqual(32_767)
      expect(mixed(-25_000, -25_000)).toBeCloseTo(-louder, -1)
    }
  }
})

test('defaults: the limiter is soft, a frame is 20 ms', () => {
  const mixer = createMixer({ sampleRateHz: 8_000 })
  mixer.push('a', frameOf(20_000))
  mixer.push('b', frameOf(8_000))
  mixer.advance()
  expect(mixer.mix()).toHaveLength(160)
  expect(mixer.mix()[0]).toBeLessThan(28_000)
})

test('A-7 gain changes ramp over 10 ms', () => {
  const mixer = createMixer({ sampleRateHz: 8_000 })
  mixer.push('a', frameOf(32_000, 320))
  mixer.advance()
  mixer.set('a', -Infinity)
  mixer.advance()
  const mixed = [...mixer.mix()]
  expect(mixed[0]).toBe(31_600)
  expect(mixed[78]).toBe(400)
  expect(mixed[79]).toBe(0)
})

test('A-7 A-14 an absent source contributes silence, also for the rest of a frame it began', () => {
  const mixer = createMixer({ sampleRateHz: 8_000 })
  const samples = frameOf(100, 40)
  mixer.push('a', samples)
  samples.fill(7)
  mixer.push('b', frameOf(1))
  mixer.advance()
  expect([...mixer.mix()]).toEqual([...repeated(40, 101), ...repeated(120, 1)])
  mixer.advance()
  expect([...mixer.mix()]).toEqual(repeated(160, 0))
  mixer.push('a', frameOf(5))
  mixer.remove('a')
  mixer.advance()
  expect(mixer.mix()[0]).toBe(0)
})

test('a source that is not fetched drops its oldest and counts it', () => {
  const mixer = createMixer({ sampleRateHz: 8_000 })
  mixer.push('a', frameOf(1, 160))
  mixer.push('a', frameOf(2, 3_200))
  expect(mixer.droppedSamples).toBe(160)
  mixer.advance()
  expect(mixer.mix()[0]).toBe(2)
})
