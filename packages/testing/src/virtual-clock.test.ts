import { expect, test } from 'vitest'

import { createVirtualClock } from './virtual-clock.ts'

test('PO-2 due timers fire in order of deadline, ties in order of setting', async () => {
  const clock = createVirtualClock()
  const fired: string[] = []
  clock.setTimer(20, () => fired.push('b'))
  clock.setTimer(10, () => fired.push('a1'))
  clock.setTimer(10, () => fired.push('a2'))
  clock.setTimer(30, () => fired.push('late'))
  await clock.advance(20)
  expect(fired).toEqual(['a1', 'a2', 'b'])
  expect(clock.pending).toBe(1)
  expect(clock.monotonicMs()).toBe(20)
})

test('PO-2 promises settle between two timers', async () => {
  const clock = createVirtualClock()
  const seen: string[] = []
  void clock.sleep(10).then(async () => {
    for (let hop = 0; hop < 50; hop++) await Promise.resolve()
    seen.push('settled')
  })
  clock.setTimer(10, () => seen.push('second'))
  await clock.advance(10)
  expect(seen).toEqual(['settled', 'second'])
})

test('PO-2 timers set by timers are met in the same advance, at their own instants', async () => {
  const clock = createVirtualClock({ now: 1_000 })
  const at: number[] = []
  const tick = (): void => {
    at.push(clock.now())
    if (at.length < 5) clock.setTimer(10, tick)
  }
  clock.setTimer(10, tick)
  await clock.advance(35)
  expect(at).toEqual([1_010, 1_020, 1_030])
  expect(clock.now()).toBe(1_035)
})

test('PO-2 pending counts timers that are neither fired nor disposed', async () => {
  const clock = createVirtualClock()
  const disposers = Array.from({ length: 500 }, (_, index) => clock.setTimer(index, () => {}))
  expect(clock.pending).toBe(500)
  for (const dispose of disposers.slice(100)) dispose()
  disposers[100]?.()
  expect(clock.pending).toBe(100)
  await clock.advance(50)
  expect(clock.pending).toBe(49)
  await clock.runToRest()
  expect(clock.pending).toBe(0)
  expect(clock.monotonicMs()).toBe(99)
})

test('PO-3 a callback that throws goes to onError and the clock goes on', async () => {
  const errors: unknown[] = []
  const clock = createVirtualClock({ onError: (error) => errors.push(error) })
  let later = false
  clock.setTimer(1, () => {
    throw new Error('broken')
  })
  clock.setTimer(2, () => (later = true))
  await clock.advance(2)
  expect(errors).toEqual([new Error('broken')])
  expect(later).toBe(true)
})

test('PO-3 without onError the failure surfaces from advance, after the other timers ran', async () => {
  const clock = createVirtualClock()
  let later = false
  clock.setTimer(1, () => {
    throw new Error('broken')
  })
  clock.setTimer(2, () => (later = true))
  await expect(clock.advance(5)).rejects.toThrow('broken')
  expect(later).toBe(true)
  expect(clock.monotonicMs()).toBe(5)
})
