import { describe, expect, test } from 'vitest'
import type { Price } from './budget-port.ts'
import { costOf, priceAt, toNanoUsd, toUsd } from './price.ts'

const price: Price = { from: '2026-01-01T00:00:00.000Z', input: 250, output: 2000, cachedInput: 25 }

describe('costOf', () => {
  test('PO-16 counts cached, reasoning and audio tokens apart, in whole nano-USD', () => {
    const usage = { inputTokens: 1000, outputTokens: 100, cachedInputTokens: 400, reasoningTokens: 60 }
    expect(costOf(price, usage)).toBe(600 * 250 + 400 * 25 + 40 * 2000 + 60 * 2000)
    expect(costOf({ ...price, reasoning: 3000 }, usage)).toBe(600 * 250 + 400 * 25 + 40 * 2000 + 60 * 3000)
    const heard = { inputTokens: 10, outputTokens: 10, audioInputTokens: 4, audioOutputTokens: 6 }
    expect(costOf({ ...price, audioInput: 1, audioOutput: 2 }, heard)).toBe(6 * 250 + 4 + 4 * 2000 + 12)
  })

  test('an unknown price is null, never zero', () => {
    expect(costOf(undefined, { inputTokens: 0, outputTokens: 0 })).toBeNull()
    expect(costOf(price, { inputTokens: 0, outputTokens: 0, characters: 12 })).toBeNull()
    expect(costOf(price, { inputTokens: 0, outputTokens: 0, ms: 12 })).toBeNull()
  })

  test('characters, started fractions of minutes and requests are charged', () => {
    const speech: Price = { ...price, perCharacter: 15, perMinute: 6_000_000, perRequest: 5 }
    expect(costOf(speech, { inputTokens: 0, outputTokens: 0, characters: 100, ms: 30_001, requests: 1 })).toBe(
      1500 + 3_000_100 + 5,
    )
  })

  test.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])('refuses %d tokens', (tokens) => {
    expect(() => costOf(price, { inputTokens: tokens, outputTokens: 0 })).toThrow(
      expect.objectContaining({ code: 'budget_invalid' }),
    )
  })
})

test('priceAt gives the row that is valid at the instant', () => {
  const table = {
    version: '1',
    entries: [
      { model: 'a/b', ...price, from: '2026-06-01T00:00:00.000Z', input: 3 },
      { model: 'a/b', ...price, input: 1 },
      { model: 'a/c', ...price, input: 9 },
    ],
  }
  expect(priceAt(table, 'a/b', '2025-12-31T23:59:59.999Z')).toBeUndefined()
  expect(priceAt(table, 'a/b', '2026-02-01T00:00:00.000Z')?.input).toBe(1)
  expect(priceAt(table, 'a/b', '2026-06-01T00:00:00.000Z')).toMatchObject({ input: 3 })
  expect(priceAt(table, 'a/b', '2026-06-01T00:00:00.000Z')).not.toHaveProperty('model')
})

describe('toNanoUsd', () => {
  test('takes nine places exactly and gives them back', () => {
    for (const usd of [0, 1, 0.000000001, 12.345678901, 1_000_000.5]) expect(toUsd(toNanoUsd(usd))).toBe(usd)
    expect(toNanoUsd(0.1)).toBe(100_000_000)
  })

  test.each([Number.NaN, -0.01, 1e-10, 0.1234567891, 1e9, Number.POSITIVE_INFINITY])('refuses %d', (usd) => {
    expect(() => toNanoUsd(usd)).toThrow(expect.objectContaining({ code: 'budget_invalid' }))
  })
})
