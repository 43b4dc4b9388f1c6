import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toToken, typeToken } from './type-token.ts'

test('C-7 every kind of value has a token of its type', () => {
  const cases: [unknown, string][] = [
    [undefined, 'missing'],
    [null, 'null'],
    ['', 'str'],
    [false, 'bool'],
    [0, 'int'],
    [-0.5, 'float'],
    [NaN, 'nan'],
    [-Infinity, 'infinity'],
    [[], 'list'],
    [{}, 'object'],
    [new Date(0), 'date'],
    [1n, 'bigint'],
    [() => 1, 'function'],
    [Symbol('x'), 'symbol'],
  ]
  for (const [value, token] of cases) expect(typeToken(value)).toBe(token)
})

test('C-7 a token has 40 characters of a fixed alphabet at most', () => {
  expect(toToken('List[Str|Null], x')).toBe('list[str|null],_x')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      expect(toToken(text)).toMatch(/^[a-z0-9_|[\],]{0,40}$/)
    }),
  )
})
