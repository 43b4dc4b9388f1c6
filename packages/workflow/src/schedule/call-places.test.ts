import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openCallPlaces, stepCallPlaces, type CallPlacesInput } from './call-places.ts'

function feed(limits: { perProvider: number; perTenant: number }, ...inputs: CallPlacesInput[]): number[][] {
  let state = openCallPlaces(limits)
  return inputs.map((input) => {
    const next = stepCallPlaces(state, input)
    state = next.state
    return next.begin.map(({ id }) => id)
  })
}

const enter = (id: number, provider: string, tenantId: string): CallPlacesInput => ({
  type: 'enter',
  call: { id, provider, tenantId },
})
const left = (id: number): CallPlacesInput => ({ type: 'left', id })

test('4.1.3 as many calls per provider, and per tenant over all providers', () => {
  expect(
    feed(
      { perProvider: 2, perTenant: Infinity },
      enter(1, 'x', 'a'),
      enter(2, 'x', 'a'),
      enter(3, 'x', 'a'),
      enter(4, 'y', 'a'),
      left(2),
    ),
  ).toEqual([[1], [2], [], [4], [3]])
  expect(
    feed(
      { perProvider: Infinity, perTenant: 2 },
      enter(1, 'x', 'a'),
      enter(2, 'y', 'a'),
      enter(3, 'z', 'a'),
      enter(4, 'x', 'b'),
      left(1),
    ),
  ).toEqual([[1], [2], [], [4], [3]])
})

test('4.1.3 a tenant with many calls does not keep another one away from a provider', () => {
  expect(
    feed(
      { perProvider: 2, perTenant: Infinity },
      enter(1, 'x', 'a'),
      enter(2, 'x', 'a'),
      enter(3, 'x', 'a'),
      enter(4, 'x', 'a'),
      enter(5, 'x', 'b'),
      left(1),
      left(2),
    ),
  ).toEqual([[1], [2], [], [], [], [5], [3]])
})

test('4.1.3 a call that does not wait any more is passed over', () => {
  expect(
    feed(
      { perProvider: 1, perTenant: 1 },
      enter(1, 'x', 'a'),
      enter(2, 'x', 'a'),
      enter(3, 'x', 'a'),
      left(2),
      left(1),
    ),
  ).toEqual([[1], [], [], [], [3]])
})

const anyMove = fc.record({
  isEnd: fc.boolean(),
  nth: fc.nat(6),
  provider: fc.constantFrom('x', 'y'),
  tenantId: fc.constantFrom('a', 'b', 'c'),
})

test('4.1.3 property: no limit is passed, nobody waits who could begin, nobody is lost', () => {
  fc.assert(
    fc.property(
      fc.record({ perProvider: fc.integer({ min: 1, max: 4 }), perTenant: fc.integer({ min: 1, max: 4 }) }),
      fc.array(anyMove, { maxLength: 60 }),
      (limits, moves) => {
        let state = openCallPlaces(limits)
        const open = new Set<number>()
        for (const [index, { isEnd, nth, provider, tenantId }] of moves.entries()) {
          const id = isEnd ? [...open][nth % Math.max(1, open.size)] : index
          if (id === undefined) continue
          if (isEnd) open.delete(id)
          else open.add(id)
          state = stepCallPlaces(state, isEnd ? left(id) : enter(id, provider, tenantId)).state
          const { running, waiting } = state
          expect(new Set([...running, ...waiting].map((call) => call.id))).toEqual(open)
          const atProvider = (name: string): number => running.filter((call) => call.provider === name).length
          const ofTenant = (name: string): number => running.filter((call) => call.tenantId === name).length
          for (const call of running) {
            expect(atProvider(call.provider)).toBeLessThanOrEqual(limits.perProvider)
            expect(ofTenant(call.tenantId)).toBeLessThanOrEqual(limits.perTenant)
          }
          for (const call of waiting)
            expect(
              atProvider(call.provider) === limits.perProvider || ofTenant(call.tenantId) === limits.perTenant,
            ).toBe(true)
        }
      },
    ),
  )
})
