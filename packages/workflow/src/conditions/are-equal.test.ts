import type { Json } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { areEqual } from './are-equal.ts'
import { createOperationMeter } from './operation-meter.ts'

const equal = (left: Json, right: Json) => areEqual(left, right, createOperationMeter())

test.each<[Json, Json, boolean]>([
  [{ a: 1, b: [2, { c: null }] }, { b: [2, { c: null }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [{ a: null }, { b: null }, false],
  [{ a: undefined as unknown as Json }, {}, false], // what only code could pass
  [{ toString: null }, { other: null }, false],
  [[1, 2], [2, 1], false],
  [[1], [1, null], false],
  [[], {}, false],
  [[1], { 0: 1 }, false],
  [null, {}, false],
  [0, false, false],
  [1, '1', false],
  ['', null, false],
])('2.5 %j and %j are equal: %s', (left, right, expected) => {
  expect(equal(left, right)).toBe(expected)
  expect(equal(right, left)).toBe(expected)
})

/** JSON with sorted keys: the same text for the same value. */
function toSortedText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(toSortedText).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}:${toSortedText(entry)}`)
  return `{${entries.toSorted().join()}}`
}

test('2.5 two values are equal when their JSON is', () => {
  const { small } = fc.letrec<{ small: Json }>((tie) => ({
    small: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Json>(0, 1, '0', '', null, false),
      fc.array(tie('small'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), tie('small'), { maxKeys: 2 }),
    ),
  }))
  fc.assert(
    fc.property(small, small, (left, right) => {
      expect(equal(left, right)).toBe(toSortedText(left) === toSortedText(right))
      expect(equal(left, structuredClone(left))).toBe(true)
    }),
    { numRuns: 2000 },
  )
})
