import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ownPath } from './own-path.ts'

test.each<[unknown, string[], unknown]>([
  [{ a: { b: [1, { c: 0 }] } }, ['a', 'b', '1', 'c'], 0],
  [{ a: false }, ['a'], false],
  [{ a: null }, ['a'], null],
  [{ a: 1 }, [], { a: 1 }],
  [{ a: null }, ['a', 'b'], undefined],
  [{}, ['toString'], undefined],
  [Object.create({ inherited: 1 }), ['inherited'], undefined],
  ['text', ['0'], undefined],
  ['text', ['length'], undefined],
  [[1, 2], ['length'], undefined],
  [[1, 2], ['01'], undefined],
  [[1, 2], ['-1'], undefined],
  [[1, 2], ['2'], undefined],
  [() => 1, ['name'], undefined],
])('S3 own keys and indexes only: %j at %j', (value, path, found) => {
  expect(ownPath(value, path)).toEqual(found)
})

test.each(['__proto__', 'constructor', 'prototype'])('S11 an own key %s is not followed', (key) => {
  const value: unknown = JSON.parse(`{"${key}": {"a": 1}}`)
  expect(Object.keys(value as object)).toEqual([key])
  expect(ownPath(value, [key])).toBeUndefined()
  expect(ownPath(value, [key, 'a'])).toBeUndefined()
})

test('S3 whatever the path, nothing but JSON comes out of JSON', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'length', 'toString', '0', '1', 'a'))
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(key, { maxLength: 5 }), (value, path) => {
      const found = ownPath(value, path)
      expect(typeof found).not.toBe('function')
      // Found by a walk that knows nothing but the entries of what is there.
      let expected: unknown = value
      for (const name of path) {
        const entries = typeof expected === 'object' && expected !== null ? Object.entries(expected) : []
        const isRefused = ['__proto__', 'constructor', 'prototype'].includes(name)
        expected = isRefused ? undefined : entries.find(([entry]) => entry === name)?.[1]
      }
      expect(found).toEqual(expected)
    }),
  )
})
