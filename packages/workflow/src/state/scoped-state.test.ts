import { expect, test } from 'vitest'
import { RunState } from './run-state.ts'
import { openStateView } from './scoped-state.ts'
import { scopeOf } from './scope.ts'

const secret = 'opaque-value'
const open = (
  keys: { readKeys?: string[]; writeKeys?: string[] } = {},
): ReturnType<typeof openStateView> & { run: RunState } => {
  const run = new RunState({ results: [1], other: secret, zero: 0, nothing: null }, () => {})
  return { ...openStateView(run, scopeOf({ id: 'step', ...keys })), run }
}

test('W-24 absent keys are no restriction, an empty list is nothing, a list is exactly that', () => {
  expect(open().state.keys()).toEqual(['results', 'other', 'zero', 'nothing'])
  expect(open({ readKeys: [] }).state.keys()).toEqual([])
  expect(open({ readKeys: ['results', 'absent'] }).state.keys()).toEqual(['results'])
})

test('W-24 an unauthorized get or set is refused with the key; has is false; nothing shows the value', () => {
  const { state } = open({ readKeys: ['results'], writeKeys: ['out'] })
  const refused = expect.objectContaining({
    code: 'state_scope',
    details: expect.objectContaining({ key: 'other' }),
    message: expect.stringContaining('key "other" is not in the declared readKeys'),
  })
  expect(() => state.get('other')).toThrow(refused)
  expect(() => state.get('other', 'fallback')).toThrow(refused)
  expect(state.has('other')).toBe(false)
  expect(state.snapshot()).toEqual({ results: [1] })
  expect(() => state.set('results', 1)).toThrow(expect.objectContaining({ code: 'state_scope' }))
  state.set('out', 1)
  expect(() => state.get('out')).toThrow(expect.objectContaining({ code: 'state_scope' }))
  expect(JSON.stringify(state)).not.toContain(secret)
})

test('W-23 a key that is not there is an error without a fallback, and the fallback with one', () => {
  const { state } = open()
  expect(() => state.get('missing')).toThrow(expect.objectContaining({ code: 'state_missing' }))
  expect(state.get('missing', 0)).toBe(0)
  expect(state.get('missing', undefined)).toBeUndefined()
})

test('1 falsy values are found, and a null that was written hides what was there', () => {
  const { state } = open()
  expect([state.get('zero', 1), state.get('nothing', 1)]).toEqual([0, null])
  state.set('results', null)
  expect(state.get('results')).toBeNull()
  expect(state.snapshot()['results']).toBeNull()
})

test('W-26 writes are held back, and seen by the attempt alone', () => {
  const { state, writes, run } = open()
  state.set('results', [2])
  expect([state.get('results'), run.get('results')]).toEqual([[2], [1]])
  expect([...writes]).toEqual([['results', [2]]])
})

test('W-21 what is read and written is copied', () => {
  const { state, run } = open()
  const given = [1]
  state.set('given', given)
  given.push(2)
  const read = state.get('results') as number[]
  read.push(9)
  expect([state.get('given'), run.get('results')]).toEqual([[1], [1]])
})

test('W-25 the view can be neither changed nor looked behind', () => {
  const { state } = open({ readKeys: [] })
  expect(Object.isFrozen(state)).toBe(true)
  expect(Object.values(state).every((part) => typeof part === 'function')).toBe(true)
})
