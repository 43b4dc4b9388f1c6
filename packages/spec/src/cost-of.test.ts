import { expect, test } from 'vitest'
import { costOf } from './cost-of.ts'

test('cached and reasoning tokens are priced apart, an unknown price is no number', () => {
  const price = { from: '2026-01-01T00:00:00.000Z', input: 10, output: 20, cachedInput: 1, reasoning: 30 }
  expect(costOf(price, { inputTokens: 100, outputTokens: 10, cachedInputTokens: 40, reasoningTokens: 4 })).toBe(
    600 + 40 + 120 + 120,
  )
  expect(costOf(undefined, { inputTokens: 1, outputTokens: 1 })).toBeNull()
})
