import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createCircuitBreaker } from './circuit-breaker.ts'

function setUp() {
  const clock = createVirtualClock()
  const changes: string[] = []
  const breaker = createCircuitBreaker({ clock, onChange: (state) => changes.push(state) })
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.failed()
  }
  return { clock, breaker, changes, fail }
}

test('RS-2 five failures in a row open it, a success in between starts the count anew', () => {
  const { breaker, fail } = setUp()
  fail(4)
  breaker.succeeded()
  fail(4)
  expect(breaker.tryPass()).toEqual({ isAllowed: true })
  fail(1)
  expect(breaker.tryPass()).toEqual({ isAllowed: false, retryAfterMs: 60_000 })
})

test('RS-2 after 60 s one probe passes: success closes, failure opens for another 60 s', async () => {
  const { clock, breaker, changes, fail } = setUp()
  fail(5)
  await clock.advance(59_999)
  expect(breaker.tryPass()).toEqual({ isAllowed: false, retryAfterMs: 1 })
  await clock.advance(1)
  expect(breaker.tryPass().isAllowed).toBe(true)
  expect(breaker.tryPass().isAllowed).toBe(false)
  breaker.failed()
  expect(breaker.tryPass()).toEqual({ isAllowed: false, retryAfterMs: 60_000 })
  await clock.advance(60_000)
  expect(breaker.tryPass().isAllowed).toBe(true)
  breaker.succeeded()
  expect(breaker.tryPass().isAllowed).toBe(true)
  expect(changes).toEqual(['opened', 'closed'])
  expect(clock.pending).toBe(0)
})

test('RS-2 a probe that says nothing about health lets the next one try', async () => {
  const { clock, breaker, fail } = setUp()
  fail(5)
  await clock.advance(60_000)
  breaker.tryPass()
  breaker.abstained()
  expect(breaker.isOpen).toBe(true)
  expect(breaker.tryPass().isAllowed).toBe(true)
})
