import { expect, test } from 'vitest'
import { encodeCallFrame, parseCallFrame, unwrapPosition, type CallFrame } from './call-frame.ts'

const frame: CallFrame = {
  codec: 'pcmu',
  rate: 24_000,
  gap: true,
  last: false,
  priority: true,
  sequence: 0xffff_fffe,
  position: 960,
  epoch: 7,
  payload: Uint8Array.of(1, 2, 3),
}

test('a frame is 16 bytes little-endian and its payload, as the table says', () => {
  expect([...encodeCallFrame(frame)]).toEqual([1, 1, 2, 5, 254, 255, 255, 255, 192, 3, 0, 0, 7, 0, 0, 0, 1, 2, 3])
})

test('what is written is read, wherever its bytes lie', () => {
  const bytes = encodeCallFrame(frame)
  const padded = new Uint8Array(bytes.length + 3)
  padded.set(bytes, 3)
  expect(parseCallFrame(padded.subarray(3))).toEqual(frame)
  const plain = { ...frame, codec: 'pcm16', rate: 8_000, gap: false, last: true, priority: false } as const
  expect(parseCallFrame(encodeCallFrame(plain))).toEqual(plain)
})

test.each([
  ['short', (bytes: Uint8Array) => bytes.subarray(0, 15)],
  ['of another version', (bytes: Uint8Array) => bytes.with(0, 2)],
  ['of no codec', (bytes: Uint8Array) => bytes.with(1, 4)],
  ['of no rate', (bytes: Uint8Array) => bytes.with(2, 9)],
  ['with unknown flags', (bytes: Uint8Array) => bytes.with(3, 8)],
  ['too large', (bytes: Uint8Array) => new Uint8Array([...bytes.subarray(0, 16), ...new Uint8Array(8_193)])],
])('a frame that is %s is none', (_what, damage) => {
  expect(parseCallFrame(damage(encodeCallFrame(frame)))).toBeUndefined()
})

test('positions go on past their wrap, and back where the sender did', () => {
  expect(unwrapPosition(320, 0)).toBe(320)
  expect(unwrapPosition(100, 2 ** 32 - 220)).toBe(2 ** 32 + 100)
  expect(unwrapPosition(0xffff_ff00, 2 ** 32 + 50)).toBe(0xffff_ff00)
  expect(unwrapPosition(0, 48_000)).toBe(0)
})
