import fc from 'fast-check'
import { expect, test } from 'vitest'
import { retryDelayOf } from './retry-delay.ts'

const retry = { maxAttempts: 5, delay: 2, backoff: 3, maxDelay: 60, jitter: false }

test('F-3 the wait before attempt k+1 is delay times backoff to the k-1, at most maxDelay, in milliseconds', () => {
  expect([1, 2, 3, 4].map((attempt) => retryDelayOf(retry, attempt, 0.9))).toEqual([2_000, 6_000, 18_000, 54_000])
  expect(retryDelayOf(retry, 5, 0)).toBe(60_000)
})

test('F-3 older definitions count the exponent from the first attempt', () => {
  expect(retryDelayOf(retry, 1, 0, { backoffFromFirst: true })).toBe(6_000)
})

test('F-3 jitter is a factor from 0.5 to 1.5, and nothing exceeds maxDelay', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (attempt, random) => {
        const plain = 2 * 3 ** (attempt - 1) * 1000
        const delay = retryDelayOf({ ...retry, jitter: true }, attempt, random)
        expect(delay).toBeGreaterThanOrEqual(Math.min(60_000, plain * 0.5))
        expect(delay).toBeLessThanOrEqual(Math.min(60_000, plain * 1.5))
      },
    ),
  )
  expect([0, 0.5].map((random) => retryDelayOf({ ...retry, jitter: true }, 1, random))).toEqual([1_000, 2_000])
})
