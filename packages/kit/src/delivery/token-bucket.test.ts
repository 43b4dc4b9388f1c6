import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRateLimiter, createTokenBucket } from './token-bucket.ts'

test('RS-3 a rate below one per second works, for the bucket holds at least one token', async () => {
  const clock = createVirtualClock()
  const bucket = createTokenBucket(clock, { perSecond: 0.5, burst: 0.1 })
  expect(bucket.take()).toBe(0)
  expect(bucket.take()).toBe(2_000)
  await clock.advance(1_999)
  expect(bucket.take()).toBe(1)
  await clock.advance(1)
  expect(bucket.take()).toBe(0)
})

test('RS-3 what passes never exceeds burst plus rate times time, and the wait it names is enough', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.1, max: 50, noNaN: true }),
      fc.double({ min: 0.1, max: 20, noNaN: true }),
      fc.array(fc.nat({ max: 400 }), { maxLength: 40 }),
      async (perSecond, burst, pauses) => {
        const clock = createVirtualClock()
        const bucket = createTokenBucket(clock, { perSecond, burst })
        let passed = 0
        for (const pauseMs of pauses) {
          await clock.advance(pauseMs)
          const waitMs = bucket.take()
          if (waitMs === 0) passed += 1
          else {
            await clock.advance(waitMs)
            expect(bucket.take()).toBe(0)
            passed += 1
          }
          expect(passed).toBeLessThanOrEqual(Math.max(1, burst) + (clock.monotonicMs() / 1_000) * perSecond + 1e-6)
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('RS-3 keys have buckets of their own', async () => {
  const limiter = createRateLimiter(createVirtualClock(), { perSecond: 1, burst: 1 })
  expect(await limiter.take('a')).toEqual({ allowed: true })
  expect(await limiter.take('b')).toEqual({ allowed: true })
  expect(await limiter.take('a')).toEqual({ allowed: false, retryAfterMs: 1_000 })
})
