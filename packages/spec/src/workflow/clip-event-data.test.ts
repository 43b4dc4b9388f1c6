import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Json } from '../json.ts'
import { clipEventData } from './clip-event-data.ts'
import { durableLimits } from './durable-limits.ts'

type JsonObject = { [key: string]: Json }

const bytesOf = (value: Json): number => new TextEncoder().encode(JSON.stringify(value)).length
// Text of JSON is JSON.
const parse = (value: unknown): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject

const data = (): fc.Arbitrary<JsonObject> =>
  fc
    .dictionary(fc.string({ unit: 'binary', maxLength: 40 }), fc.jsonValue({ stringUnit: 'binary', maxDepth: 4 }), {
      maxKeys: 30,
    })
    .map(parse)

test('S6 data within the limit is given back itself, to the last byte', () => {
  fc.assert(
    fc.property(data(), (value) => {
      expect(clipEventData(value, bytesOf(value))).toBe(value)
      expect(clipEventData(value, bytesOf(value) + 1)).toBe(value)
    }),
  )
})

test('S6 data beyond the limit is cut to it and says so', () => {
  fc.assert(
    fc.property(data(), fc.integer({ min: 64, max: 2_000 }), (value, max) => {
      fc.pre(bytesOf(value) > max)
      const clipped = clipEventData(value, max)
      expect(bytesOf(clipped)).toBeLessThanOrEqual(max)
      expect(JSON.stringify(clipped)).toContain('truncated')
      for (const key of Object.keys(clipped)) expect(key === 'truncated' || Object.hasOwn(value, key)).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('S6 small fields stay, texts lose their end, lists their last items, in the order they had', () => {
  const value = {
    status: 'completed',
    output: { text: 'é'.repeat(50_000), note: 'kept', list: Array.from({ length: 20_000 }, (_, index) => index) },
    costUsd: 0.25,
  }
  const clipped = clipEventData(value)
  expect(Object.keys(clipped)).toEqual(['status', 'output', 'costUsd'])
  expect(clipped).toMatchObject({ status: 'completed', costUsd: 0.25, output: { note: 'kept' } })
  const output = clipped['output'] as { text: string; list: Json[] }
  expect(output.text).toMatch(/^é+… \[truncated, 100002 bytes\]$/)
  expect(output.list.slice(0, 3)).toEqual([0, 1, 2])
  expect(output.list.at(-1)).toEqual({ truncated: bytesOf(value.output.list) })
  expect(bytesOf(clipped)).toBeLessThanOrEqual(65_536)
  // What was not cut off is used.
  expect(bytesOf(clipped)).toBeGreaterThan(60_000)
})

test('S6 a pair of characters is never cut in half', () => {
  for (let max = 100; max < 120; max++) {
    const { text } = clipEventData({ text: '\u{1f600}'.repeat(200) }, max)
    expect(String(text).isWellFormed()).toBe(true)
  }
})

test('S6 the limits of section 17 and 13.1', () => {
  expect(durableLimits).toEqual({
    leaseMs: 30_000,
    signalMs: 86_400_000,
    maxEventBytes: 65_536,
    maxInlineBytes: 262_144,
    maxSubscribers: 10_000,
    subscriberQueue: 1_000,
    pageSize: 50,
  })
})

test('S6 what JSON leaves out is not measured, and not made into anything', () => {
  const data: { [key: string]: Json } = { gone: null, text: 'x'.repeat(20_000) }
  // As code without types may hand it over.
  Object.assign(data, { gone: undefined })
  expect(clipEventData(data)).toBe(data)
  Object.assign(data, { text: 'x'.repeat(100_000) })
  expect(Object.keys(clipEventData(data))).toEqual(['text'])
})
