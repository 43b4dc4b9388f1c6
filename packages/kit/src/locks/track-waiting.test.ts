import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { createInProcessLocks } from './in-process-locks.ts'
import { trackWaiting } from './track-waiting.ts'

test('a lock is awaited while somebody waits for it, and no longer once they got it or gave up', async () => {
  const clock = createVirtualClock()
  const locks = trackWaiting(createInProcessLocks({ clock }))
  const seen: boolean[] = []
  let finish = (): void => {}
  const first = locks.withLock('room', () => new Promise<void>((resolve) => (finish = resolve)), { timeoutMs: 10 })
  seen.push(locks.isAwaited('room'))
  const second = locks.withLock('room', async () => 'got it', { timeoutMs: 1_000 })
  const third = locks.withLock('room', async () => 'never', { timeoutMs: 10 }).catch((error: unknown) => error)
  await clock.advance(10)
  expect(await third).toMatchObject({ code: 'lock_timeout' })
  seen.push(locks.isAwaited('room'))
  finish()
  await first
  expect(await second).toBe('got it')
  seen.push(locks.isAwaited('room'))
  expect(seen).toEqual([false, true, false])
})
