// oxlint-disable-next-line import/default -- it is CommonJS, which the rule takes for the ESM source beside it
import alawmulaw from 'alawmulaw'
import { expect, test } from 'vitest'

import { decodePcma, decodePcmu, encodePcma, encodePcmu, PCMA_SILENCE, PCMU_SILENCE } from './g711.ts'

const { alaw, mulaw } = alawmulaw
const codes = Uint8Array.from({ length: 256 }, (_, code) => code)
const allSamples = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768)

test('A-5 all 256 codes decode to the ITU tables', () => {
  expect(decodePcmu(codes)).toEqual(mulaw.decode(codes))
  expect(decodePcma(codes)).toEqual(alaw.decode(codes))
})

test('A-5 a code that is decoded and encoded is itself, but for the two zeros of mu-law, which fold to 0xFF', () => {
  const folded = codes.map((code) => (code === 0x7f ? 0xff : code))
  expect(encodePcmu(decodePcmu(codes))).toEqual(folded)
  expect(encodePcma(decodePcma(codes))).toEqual(codes)
})

test('A-5 silence is 0xFF in mu-law and 0xD5 in A-law', () => {
  expect(encodePcmu(Int16Array.of(0))).toEqual(Uint8Array.of(0xff))
  expect(encodePcma(Int16Array.of(0))).toEqual(Uint8Array.of(0xd5))
  expect([PCMU_SILENCE, PCMA_SILENCE]).toEqual([0xff, 0xd5])
})

test('A-5 every sample is coded as one of the two values around it, a louder one never as a softer', () => {
  for (const [encode, decode] of [
    [encodePcmu, decodePcmu],
    [encodePcma, decodePcma],
  ] as const) {
    const values = [...new Set(decode(codes))].sort((one, other) => one - other)
    const coded = decode(encode(allSamples))
    let above = 0
    let wrong = 0
    allSamples.forEach((sample, index) => {
      while (above < values.length - 1 && (values[above] ?? 0) < sample) above += 1
      if (coded[index] !== values[above] && coded[index] !== values[above - 1]) wrong += 1
      if (index > 0 && (coded[index] ?? 0) < (coded[index - 1] ?? 0)) wrong += 1
    })
    expect(wrong).toBe(0)
  }
})

test('A-5 a positive sample is coded as by another implementation', () => {
  const positive = allSamples.slice(32_768)
  expect(encodePcmu(positive)).toEqual(mulaw.encode(positive))
  expect(encodePcma(positive)).toEqual(alaw.encode(positive))
})

test('a target is filled, and one that is too short is refused', () => {
  const target = new Uint8Array(4)
  expect(encodePcmu(new Int16Array(4), target)).toBe(target)
  expect(decodePcma(Uint8Array.of(0xd5), new Int16Array(3))).toHaveLength(1)
  expect(() => encodePcma(new Int16Array(5), target)).toThrow(RangeError)
})
