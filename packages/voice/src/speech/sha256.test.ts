import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { sha256 } from './sha256.ts'

test('gives what the platform gives, for any text', () => {
  const check = (text: string): void => {
    expect(sha256(text)).toBe(createHash('sha256').update(text).digest('hex'))
  }
  for (let length = 0; length < 200; length++) check('a'.repeat(length))
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), check), { numRuns: 50 })
})
