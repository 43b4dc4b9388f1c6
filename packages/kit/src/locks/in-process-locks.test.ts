import { createVirtualClock } from '@parley/testing'
import { roomLocksSuite } from '@parley/testing/conformance'
import { expect, test } from 'vitest'

import { createInProcessLocks } from './in-process-locks.ts'

roomLocksSuite('in process', { open: async ({ clock }) => createInProcessLocks({ clock }) })

test('ST-6 a free lock sets no timer and a released one leaves none', async () => {
  const clock = createVirtualClock()
  const locks = createInProcessLocks({ clock })
  const pending: number[] = []
  await locks.withLock('a', async () => void pending.push(clock.pending), { timeoutMs: 5 })
  const first = locks.withLock('a', () => clock.sleep(1), { timeoutMs: 5 })
  const second = locks.withLock('a', async () => void pending.push(clock.pending), { timeoutMs: 5 })
  await clock.advance(1)
  await Promise.all([first, second])
  expect(pending).toEqual([0, 0])
  expect(clock.pending).toBe(0)
})

test('ST-4 values go on rising when locks are made anew within the same instant', async () => {
  const clock = createVirtualClock()
  const grant = (): Promise<number> =>
    createInProcessLocks({ clock }).withLock('a', async ({ value }) => value, { timeoutMs: 1 })
  const before = await grant()
  expect(await grant()).toBeGreaterThan(before)
  await clock.advance(60_000)
  expect(await grant()).toBeGreaterThan(before + 1)
})
