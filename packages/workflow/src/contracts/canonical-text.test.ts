import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { expect, test } from 'vitest'
import { canonicalText } from './canonical-text.ts'

test('C-8 equal values, and only they, have equal text', () => {
  const value = fc.jsonValue({ maxDepth: 2 }).map((json) => (Object.is(json, -0) ? 0 : json))
  fc.assert(
    fc.property(value, value, (one, other) => {
      const same = isDeepStrictEqual(JSON.parse(JSON.stringify(one)), JSON.parse(JSON.stringify(other)))
      expect(canonicalText(one) === canonicalText(other)).toBe(same)
    }),
  )
  expect(canonicalText({ b: 1, a: [{ d: 1, c: 2 }] })).toBe(canonicalText({ a: [{ c: 2, d: 1 }], b: 1 }))
  expect(canonicalText(NaN)).not.toBe(canonicalText(null))
  expect(canonicalText('1')).not.toBe(canonicalText(1))
})
