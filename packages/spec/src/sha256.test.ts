import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSha256, sha256Hex } from './sha256.ts'

test('W-1 the known vectors of FIPS 180-4', () => {
  expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256Hex('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  )
  expect(sha256Hex('a'.repeat(1_000_000))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
})

test('every length around a block boundary agrees with the platform', () => {
  for (let length = 0; length < 200; length++)
    expect(sha256Hex('x'.repeat(length))).toBe(platformHash('x'.repeat(length)))
})

test('any text agrees with the platform, in UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(sha256Hex(text)).toBe(platformHash(text))
    }),
  )
})

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

function platformHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
