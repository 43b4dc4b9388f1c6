import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSameData } from './same-data.ts'
import { cosineSimilarity, foldText } from './text-agreement.ts'

test('workflows 8 folding: case, space and punctuation', () => {
  expect(foldText('  It IS  red,\n(indeed)! ')).toBe('it is red indeed')
  expect(foldText('ＡＢＣ')).toBe('abc')
})

test('workflows 8 folding keeps what makes another number or another name', () => {
  for (const [one, other] of [
    ['1.5', '15'],
    ['-5', '5'],
    ['C++', 'C'],
    ['2026-01-02', '20260102'],
    ['$5', '€5'],
  ] as const) {
    expect(foldText(one)).not.toBe(foldText(other))
  }
})

test('workflows 8 folding twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      expect(foldText(foldText(text))).toBe(foldText(text))
    }),
    { numRuns: 2_000 },
  )
})

test('workflows 8 the cosine of two vectors', () => {
  expect(cosineSimilarity(Float32Array.of(1, 0), Float32Array.of(2, 0))).toBeCloseTo(1)
  expect(cosineSimilarity(Float32Array.of(1, 0), Float32Array.of(0, 1))).toBe(0)
  expect(cosineSimilarity(Float32Array.of(0, 0), Float32Array.of(0, 1))).toBe(0)
})

test('workflows 8 same data is what JSON says is the same', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(isSameData(one, structuredClone(one))).toBe(true)
      const sorted = (value: unknown): string =>
        JSON.stringify(value, (_key, entry: unknown) =>
          typeof entry === 'object' && entry !== null && !Array.isArray(entry)
            ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
            : entry,
        )
      expect(isSameData(one, other)).toBe(sorted(one) === sorted(other))
    }),
  )
  let deep: unknown = 1
  for (let level = 0; level < 50_000; level++) deep = [deep]
  expect(isSameData(deep, deep)).toBe(true)
  expect(isSameData({ a: undefined }, { b: undefined })).toBe(false)
  expect(isSameData(new Date(0), new Date(1))).toBe(false)
})
