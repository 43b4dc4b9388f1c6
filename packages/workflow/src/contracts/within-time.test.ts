import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { withinTime } from './within-time.ts'

const never = new Promise<never>(() => {})

test('C-1 work in time gives its value and leaves no timer', async () => {
  const clock = createVirtualClock()
  const { signal } = new AbortController()
  expect(await withinTime(Promise.resolve(3), 10, { clock, signal })).toEqual({ done: true, value: 3 })
  expect(clock.pending).toBe(0)
})

test('C-1 work that is late is not done, and what it says later is dropped', async () => {
  const clock = createVirtualClock()
  const { promise, reject } = Promise.withResolvers<number>()
  const timed = withinTime(promise, 10, { clock, signal: new AbortController().signal })
  await clock.advance(10)
  reject(new Error('Too late to matter.'))
  expect(await timed).toEqual({ done: false })
})

test('C-1 a failure and an abort reject with what they are', async () => {
  const clock = createVirtualClock()
  const failure = new Error('As it came.')
  const { signal } = new AbortController()
  await expect(withinTime(Promise.reject(failure), 10, { clock, signal })).rejects.toBe(failure)
  const reason = new Error('Stopped.')
  await expect(withinTime(never, 10, { clock, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(clock.pending).toBe(0)
})
