import { expect, test } from 'vitest'
import { fillUpperBand, upperShare } from './fill-upper-band.ts'

const tones = (...frequencies: number[]): Int16Array =>
  Int16Array.from({ length: 8_000 }, (_, at) =>
    frequencies.reduce((sum, frequency) => sum + 3_000 * Math.sin((2 * Math.PI * frequency * at) / 16_000), 0),
  )

test('telephone audio gets an upper half, wide audio and silence stay as they are', () => {
  const narrow = tones(500, 1_500)
  expect(upperShare(narrow)).toBeLessThan(2e-5)
  expect(upperShare(fillUpperBand(narrow))).toBeGreaterThan(0.05)
  const wide = tones(500, 6_000)
  expect(fillUpperBand(wide)).toBe(wide)
  const silence = new Int16Array(8_000)
  expect(fillUpperBand(silence)).toBe(silence)
})
