import fc from 'fast-check'
import { expect, test } from 'vitest'
import { at, ChunkedDraft, zeros } from './chunked.ts'

test('4 a changed copy holds what was set, and the original what it held', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 600 }),
      fc.array(fc.tuple(fc.nat({ max: 700 }), fc.nat({ max: 1000 })), { maxLength: 50 }),
      (length, changes) => {
        const before = zeros(length)
        const draft = new ChunkedDraft(before)
        const model = Array.from({ length }, () => 0)
        for (const [index, value] of changes) {
          draft.set(index, value)
          if (index < length) model[index] = value
        }
        const after = draft.done()
        expect(model.map((_, index) => at(after, index))).toEqual(model)
        expect(model.map((_, index) => draft.get(index))).toEqual(model)
        expect(model.every((_, index) => at(before, index) === 0)).toBe(true)
        expect(at(after, length)).toBe(0)
      },
    ),
  )
})

test('4 what was not changed is shared', () => {
  const before = zeros(300)
  const draft = new ChunkedDraft(before)
  draft.set(200, 1)
  const { chunks } = draft.done()
  expect([chunks[0] === before.chunks[0], chunks[1] === before.chunks[1], chunks[2] === before.chunks[2]]).toEqual([
    true,
    false,
    true,
  ])
})
