import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, StateReducer } from '@parley/spec'
import { addWrites, LARGE_VALUE_BYTES, MAX_STATE_BYTES, RunState, toStateValue } from './run-state.ts'

const open = (values: { [key: string]: Json } = {}): RunState => new RunState(values, () => {})
const one = (key: string, value: Json): Map<string, Json> => new Map([[key, value]])
const megabytes = (count: number): string => 'x'.repeat(count * 1024 * 1024)

test('W-22 the limits are 10 MiB for a value, which is told, and 100 MiB for a run, which is refused', () => {
  expect([LARGE_VALUE_BYTES, MAX_STATE_BYTES]).toEqual([10 * 1024 * 1024, 100 * 1024 * 1024])
  const large: [string, number][] = []
  const state = new RunState({}, (key, bytes) => large.push([key, bytes]))
  state.apply(one('small', megabytes(9)))
  state.apply(one('big', megabytes(10)))
  expect(large).toEqual([['big', 10 * 1024 * 1024 + 2]])
  const text = megabytes(81)
  expect(() => state.check(one('more', text))).toThrow(expect.objectContaining({ code: 'state_too_large' }))
  expect(state.has('more')).toBe(false)
  // Overwriting gives back what the key held.
  expect(() => state.check(one('big', text))).not.toThrow()
})

test('W-22 what a reducer makes of a write is weighed, not the write', () => {
  const state = open({ log: [megabytes(60)] })
  expect(() => state.check(one('log', [megabytes(60)]))).not.toThrow()
  expect(() => state.check(one('log', [megabytes(60)]), { log: 'append' })).toThrow(
    expect.objectContaining({ code: 'state_too_large' }),
  )
})

test.each<[StateReducer, Json, Json, Json]>([
  ['append', [1], 2, [1, 2]],
  ['append', 1, [2, 3], [1, 2, 3]],
  ['append', null, 2, [2]],
  ['merge', { a: 1, b: 1 }, { b: 2 }, { a: 1, b: 2 }],
  ['sum', 0, 2, 2],
  ['max', 3, 2, 3],
  ['min', 3, 2, 2],
  ['last', 3, 0, 0],
])('4.1.5 the reducer %s brings %j and %j together', (reducer, before, value, after) => {
  const state = open({ key: before })
  expect(state.apply(one('key', value), { key: reducer })).toEqual({ key: after })
  expect(state.get('key')).toEqual(after)
})

test('4.2 writes that are gathered first come to what they come to one after the other', () => {
  const writes = fc.array(fc.record({ key: fc.constantFrom('log', 'total', 'top', 'free'), value: fc.integer() }), {
    maxLength: 12,
  })
  const reducers = { log: 'append', total: 'sum', top: 'max' } as const
  fc.assert(
    fc.property(writes, (given) => {
      const before = { log: [0], total: 1, top: 5 }
      const each = open(before)
      const whole = open(before)
      const gathered = new Map<string, Json>()
      for (const { key, value } of given) {
        each.apply(one(key, value), reducers)
        addWrites(gathered, one(key, value), reducers)
      }
      whole.apply(gathered, reducers)
      expect(whole.toDict()).toEqual(each.toDict())
    }),
  )
})

test('W-23 restore puts back an earlier moment, with its weight', () => {
  const state = open({ a: 1 })
  state.apply(one('b', megabytes(60)))
  state.restore({ a: 0 })
  expect(state.toDict()).toEqual({ a: 0 })
  expect(state.keys()).toEqual(['a'])
  expect(() => state.check(one('c', megabytes(99)))).not.toThrow()
})

test('W-21 keys that reach prototypes are refused, and so are values that are no JSON', () => {
  for (const key of ['__proto__', 'constructor', 'prototype'])
    expect(() => toStateValue(key, 1)).toThrow(expect.objectContaining({ code: 'value_not_json' }))
  expect(() => toStateValue('a', { b: undefined })).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ path: 'state.a.b' }) }),
  )
})

test('W-22 a single value is weighed like any other: told when large, refused when too large, taken back when overwritten', () => {
  const large: [string, number][] = []
  const state = new RunState({}, (key, bytes) => large.push([key, bytes]))
  state.put('big', megabytes(60))
  expect(large).toEqual([['big', 60 * 1024 * 1024 + 2]])
  expect(() => state.put('more', megabytes(60))).toThrow(expect.objectContaining({ code: 'state_too_large' }))
  expect([state.has('more'), state.keys()]).toEqual([false, ['big']])
  state.put('big', 1)
  expect(() => state.put('more', megabytes(60))).not.toThrow()
  expect(state.get('big')).toBe(1)
})
