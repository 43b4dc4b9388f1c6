import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codePointLength } from './code-point-length.ts'

test('C-4 the length of a text is its number of code points, whatever is in it', () => {
  const units = fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 12 })
  const broken = units.map((codes) => String.fromCharCode(...codes))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), broken), (text) => {
      expect(codePointLength(text)).toBe(Array.from(text).length)
    }),
  )
})
