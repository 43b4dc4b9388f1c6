import { expect, test } from 'vitest'

import { fade, FADE_MS } from './fade.ts'
import { createGain } from './gain.ts'

test('A-10 a gain step takes 10 ms, so no step exceeds 0.1 of full scale', () => {
  const gain = createGain({ sampleRateHz: 8_000 })
  const samples = new Int16Array(480).fill(32_000)
  gain.process(samples.subarray(0, 160))
  gain.set(-Infinity)
  gain.process(samples.subarray(160, 320))
  gain.set(0)
  gain.process(samples.subarray(320))
  for (let index = 1; index < samples.length; index++) {
    expect(Math.abs((samples[index] ?? 0) - (samples[index - 1] ?? 0))).toBeLessThan(3_276)
  }
  expect(samples[159]).toBe(32_000)
  // 10 ms are 80 samples.
  expect(samples[160 + 78]).toBeGreaterThan(0)
  expect(samples[160 + 79]).toBe(0)
  expect(samples[320 + 79]).toBe(32_000)
  expect(gain.gainDb).toBe(0)
})

test('defaults: fades take 10 ms, a gain is 0 dB', () => {
  expect(FADE_MS).toBe(10)
  expect(createGain({ sampleRateHz: 8_000 }).gainDb).toBe(0)
})

test('a level is applied to both channels, and held within full scale', () => {
  const gain = createGain({ sampleRateHz: 8_000, channels: 2, gainDb: -6.0206 })
  expect(gain.process(Int16Array.of(1_000, -2_000))).toEqual(Int16Array.of(500, -1_000))
  expect(createGain({ sampleRateHz: 8_000, gainDb: 20 }).process(Int16Array.of(30_000, -30_000))).toEqual(
    Int16Array.of(32_767, -32_768),
  )
})

test('a fade leaves alone what is before it and holds its end after it', () => {
  const samples = new Int16Array(10).fill(1_000)
  fade(samples, { fromGain: 1, toGain: 0, startSample: 2, fadeSamples: 4 })
  expect([...samples]).toEqual([1_000, 1_000, 1_000, 750, 500, 250, 0, 0, 0, 0])
  const stereo = new Int16Array(8).fill(1_000)
  fade(stereo, { fromGain: 0, toGain: 1, fadeSamples: 2, channels: 2 })
  expect([...stereo]).toEqual([0, 0, 500, 500, 1_000, 1_000, 1_000, 1_000])
})
