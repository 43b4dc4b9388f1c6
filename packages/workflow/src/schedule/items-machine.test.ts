import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ForeachPolicy } from '@parley/spec'
import {
  isItemSettled,
  openItems,
  stepItems,
  type ItemOutcome,
  type ItemsEffect,
  type ItemsState,
} from './items-machine.ts'

const policies: readonly ForeachPolicy[] = ['requireAll', 'allowPartial', 'collectErrors']

/** Works through items, ending them in the order that `choose` gives. */
function work(
  outcomes: readonly ItemOutcome[],
  policy: ForeachPolicy,
  concurrency: number,
  choose: () => number,
): { begun: number[]; ends: string[]; most: number; interrupts: number; state: ItemsState } {
  const begun: number[] = []
  const ends: string[] = []
  const running: number[] = []
  let most = 0
  let interrupts = 0
  let { state, effects } = stepItems(openItems(outcomes.length, policy, concurrency), { type: 'start' })
  const take = (given: ItemsEffect[]): void => {
    for (const effect of given) {
      if (effect.type === 'begin') {
        begun.push(effect.item)
        running.push(effect.item)
      } else if (effect.type === 'interrupt') interrupts += 1
      else ends.push(effect.outcome)
    }
    most = Math.max(most, running.length)
  }
  take(effects)
  while (running.length > 0) {
    const item = running.splice(choose() % running.length, 1)[0] ?? 0
    const outcome = interrupts > 0 ? 'cancelled' : (outcomes[item] ?? 'completed')
    ;({ state, effects } = stepItems(state, { type: 'settled', item, outcome }))
    take(effects)
  }
  return { begun, ends, most, interrupts, state }
}

const outcomes = fc.array(fc.constantFrom<ItemOutcome>('completed', 'completed', 'skipped', 'failed'), {
  maxLength: 40,
})

test('4.2 items begin in order, never more at once than allowed, and the end is told once', () => {
  fc.assert(
    fc.property(
      outcomes,
      fc.constantFrom(...policies),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.nat()),
      (given, policy, concurrency, order) => {
        const { begun, ends, most, state } = work(given, policy, concurrency, () => order.next().value ?? 0)
        expect(begun).toEqual(begun.map((_, index) => index))
        expect(most).toBeLessThanOrEqual(concurrency)
        expect(ends).toHaveLength(1)
        expect(state.running).toBe(0)
        if (policy === 'requireAll' && given.includes('failed')) return
        expect(begun).toHaveLength(given.length)
        expect(given.every((_, index) => isItemSettled(state, index))).toBe(true)
      },
    ),
  )
})

test('4.2 policies: requireAll fails with its first failure, allowPartial with its last, collectErrors never', () => {
  fc.assert(
    fc.property(outcomes, fc.infiniteStream(fc.nat()), (given, order) => {
      const failures = given.filter((outcome) => outcome === 'failed').length
      const end = (policy: ForeachPolicy): string | undefined =>
        work(given, policy, 3, () => order.next().value ?? 0).ends[0]
      expect(end('requireAll')).toBe(failures > 0 ? 'failed' : 'completed')
      expect(end('collectErrors')).toBe('completed')
      expect(end('allowPartial')).toBe(failures === 0 ? 'completed' : failures === given.length ? 'failed' : 'partial')
    }),
  )
})

test('4.2 requireAll tells the rest once, and begins no more', () => {
  const first = stepItems(openItems(5, 'requireAll', 2), { type: 'start' })
  const failed = stepItems(first.state, { type: 'settled', item: 0, outcome: 'failed' })
  expect(failed.effects).toEqual([{ type: 'interrupt' }])
  const over = stepItems(failed.state, { type: 'settled', item: 1, outcome: 'cancelled' })
  expect(over.effects).toEqual([{ type: 'ended', outcome: 'failed' }])
})

test('4.2 no items are done at once; a stop ends what runs; what comes twice changes nothing', () => {
  expect(stepItems(openItems(0, 'allowPartial', 1), { type: 'start' }).effects).toEqual([
    { type: 'ended', outcome: 'completed' },
  ])
  const { state } = stepItems(openItems(3, 'allowPartial', 1), { type: 'start' })
  const stopped = stepItems(state, { type: 'stop' })
  expect(stopped.effects).toEqual([{ type: 'interrupt' }])
  expect(stepItems(stopped.state, { type: 'stop' }).effects).toEqual([])
  const over = stepItems(stopped.state, { type: 'settled', item: 0, outcome: 'completed' })
  expect(over.effects).toEqual([{ type: 'ended', outcome: 'stopped' }])
  expect(stepItems(over.state, { type: 'settled', item: 0, outcome: 'failed' }).effects).toEqual([])
  expect(stepItems(over.state, { type: 'start' }).effects).toEqual([])
  expect(stepItems(over.state, { type: 'settled', item: 9, outcome: 'failed' }).effects).toEqual([])
})
