import type { FencingToken, RoomLocks } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import { createVirtualClock } from '../virtual-clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/** How the suite gets its locks. */
export interface RoomLocksSuiteOptions {
  /** Opens locks that hold nothing; keys are fresh in each test. */
  open(o: { clock: VirtualClock }): Promise<RoomLocks>
  /** Opens a second instance that competes for the same keys, as another process would. */
  openAgain?(o: { clock: VirtualClock }): Promise<RoomLocks>
}

/** Something a test can wait for and let happen. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: () => resolve() }
}

/** The contract of `RoomLocks` in executable form. */
export function roomLocksSuite(name: string, { open, openAgain }: RoomLocksSuiteOptions): void {
  let keys = 0

  async function setup() {
    const clock = createVirtualClock()
    const locks = await open({ clock })
    const other = openAgain === undefined ? locks : await openAgain({ clock })
    keys += 1
    return { clock, locks, other, key: `room_${keys}`, within: { timeoutMs: 1_000 } }
  }
  const nothing = (): Promise<void> => Promise.resolve()

  describe(`RoomLocks: ${name}`, () => {
    test('ST-4 one holder at a time, first come first served', async () => {
      const { locks, other, key, within, clock } = await setup()
      const order: string[] = []
      let holders = 0
      let most = 0
      const work = (label: string) => async (): Promise<void> => {
        holders += 1
        most = Math.max(most, holders)
        order.push(label)
        await Promise.resolve()
        holders -= 1
      }
      const asked: Promise<void>[] = []
      for (const [n, label] of ['a', 'b', 'c', 'd', 'e'].entries()) {
        asked.push((n % 2 === 0 ? locks : other).withLock(key, work(label), within))
        await clock.advance(0)
      }
      await Promise.all(asked)
      expect(order).toEqual(['a', 'b', 'c', 'd', 'e'])
      expect(most).toBe(1)
    })

    test('keys do not hinder each other', async () => {
      const { locks, key, within } = await setup()
      const { opened, open: finish } = gate()
      const held = locks.withLock(key, () => opened, within)
      expect(await locks.withLock(`${key}_other`, () => Promise.resolve('free'), within)).toBe('free')
      finish()
      await held
    })

    test('ST-4 fencing values rise with each grant of a key', async () => {
      const { locks, other, key, within } = await setup()
      const tokens: FencingToken[] = []
      for (const from of [locks, other, locks, locks]) {
        await from.withLock(
          key,
          async (token) => {
            tokens.push(token)
          },
          within,
        )
      }
      expect(tokens.map((token) => token.key)).toEqual([key, key, key, key])
      const values = tokens.map((token) => token.value)
      expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b))
      for (const value of values) expect(Number.isSafeInteger(value)).toBe(true)
    })

    test('the result and the failure of the work reach the caller, and the lock is free afterwards', async () => {
      const { locks, key, within } = await setup()
      expect(await locks.withLock(key, () => Promise.resolve(7), within)).toBe(7)
      const failure = new Error('work failed')
      await expect(locks.withLock(key, () => Promise.reject(failure), within)).rejects.toBe(failure)
      await expect(
        locks.withLock(
          key,
          () => {
            throw failure
          },
          within,
        ),
      ).rejects.toBe(failure)
      expect(await locks.withLock(key, () => Promise.resolve('free'), within)).toBe('free')
    })

    test('ST-4 waiting ends with lock_timeout, and the next in line is not hindered', async () => {
      const { clock, locks, key, within } = await setup()
      const { opened, open: finish } = gate()
      const held = locks.withLock(key, () => opened, within)
      const impatient = locks.withLock(key, nothing, { timeoutMs: 100 }).catch((error: unknown) => error)
      const patient = locks.withLock(key, () => Promise.resolve('got it'), { timeoutMs: 10_000 })
      await clock.advance(100)
      expect(await impatient).toMatchObject({ code: 'lock_timeout', retryable: true })
      finish()
      await held
      expect(await patient).toBe('got it')
    })

    test('ST-4 waiting is cancellable without a leak', async () => {
      const { clock, locks, key, within } = await setup()
      const { opened, open: finish } = gate()
      const held = locks.withLock(key, () => opened, within)
      await clock.advance(0)
      const controller = new AbortController()
      let ran = 0
      const waiting = Array.from({ length: 10 }, () =>
        locks
          .withLock(
            key,
            async () => {
              ran += 1
            },
            { timeoutMs: 10_000, signal: controller.signal },
          )
          .catch((error: unknown) => error),
      )
      await clock.advance(0)
      controller.abort('enough')
      expect(await Promise.all(waiting)).toEqual(Array.from({ length: 10 }, () => 'enough'))
      finish()
      await held
      expect(await locks.withLock(key, () => Promise.resolve('free'), within)).toBe('free')
      await expect(locks.withLock(key, nothing, { timeoutMs: 1, signal: AbortSignal.abort('before') })).rejects.toBe(
        'before',
      )
      expect(ran).toBe(0)
      if (locks.isProcessLocal) expect(clock.pending).toBe(0)
    })

    test('ST-4 locks are not reentrant: asking again within waits until the timeout', async () => {
      const { clock, locks, key, within } = await setup()
      const inner = locks.withLock(
        key,
        () => locks.withLock(key, nothing, { timeoutMs: 50 }).catch((error: unknown) => error),
        within,
      )
      await clock.advance(50)
      expect(await inner).toMatchObject({ code: 'lock_timeout' })
    })
  })
}
