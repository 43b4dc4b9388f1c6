import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSha256 } from './sha256.ts'

test('recording: the hash is SHA-256, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(400)), (bytes, cuts) => {
      const hash = createSha256()
      let from = 0
      for (const cut of [...cuts.toSorted((one, other) => one - other), bytes.length]) {
        if (cut > bytes.length || cut < from) continue
        hash.add(bytes.subarray(from, cut))
        from = cut
      }
      expect(hash.digest()).toBe(createHash('sha256').update(bytes).digest('hex'))
    }),
  )
})
