import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultWeights, rankModels, type RankingFacts, type RankingRules } from './rank-models.ts'

const facts = (modelId: string, changes: Partial<RankingFacts> = {}): RankingFacts => ({
  modelId,
  optionalMet: 0,
  costNanoUsd: 100,
  p50Ms: 100,
  quality: 0.8,
  ...changes,
})
const cheapest: RankingRules = { policy: 'cheapest', weights: defaultWeights, optionalCount: 2 }
const weighted: RankingRules = { ...cheapest, policy: 'weighted' }
const ids = (models: readonly RankingFacts[], rules: RankingRules): string[] =>
  rankModels(models, rules).map(({ modelId }) => modelId)

describe('workflows 11 order', () => {
  test('workflows 11 cheapest: optional capabilities, cost, latency, quality, id, in this order', () => {
    const models = [
      facts('f', { costNanoUsd: null }),
      facts('e'),
      facts('d'),
      facts('c', { quality: 0.9 }),
      facts('b', { p50Ms: 50, quality: 0.7 }),
      facts('a', { costNanoUsd: 99, p50Ms: 900, quality: 0.1 }),
      facts('z', { optionalMet: 1, costNanoUsd: 9_999 }),
    ]
    expect(ids(models, cheapest)).toEqual(['z', 'a', 'b', 'c', 'd', 'e', 'f'])
  })

  test('workflows 11 the weights are cost 0.6, latency 0.25, quality 0.15', () => {
    expect(defaultWeights).toEqual({ cost: 0.6, latency: 0.25, quality: 0.15 })
    const models = [
      facts('cheap', { costNanoUsd: 0, p50Ms: 200, quality: 0 }),
      facts('quick', { costNanoUsd: 100, p50Ms: 0, quality: 0 }),
      facts('good', { costNanoUsd: 100, p50Ms: 200, quality: 1 }),
    ]
    const scores = rankModels(models, { ...weighted, optionalCount: 0 }).map(({ modelId, score }) => [modelId, score])
    expect(scores).toEqual([
      ['cheap', 0.6],
      ['quick', 0.25],
      ['good', 0.15],
    ])
  })

  test('workflows 11 weighted: what is unknown counts as worst', () => {
    const { p50Ms: _p50Ms, ...silent } = facts('silent')
    expect(ids([silent, facts('known', { p50Ms: 100 })], weighted)).toEqual(['known', 'silent'])
    expect(ids([facts('free', { costNanoUsd: null }), facts('priced', { costNanoUsd: 10 })], weighted)).toEqual([
      'priced',
      'free',
    ])
  })

  const arbitraryFacts = fc.uniqueArray(
    fc.record({
      modelId: fc.string({ minLength: 1, maxLength: 4 }),
      optionalMet: fc.nat(2),
      costNanoUsd: fc.option(fc.nat(1000), { nil: null }),
      p50Ms: fc.nat(1000),
      quality: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
    }),
    { selector: ({ modelId }) => modelId, maxLength: 30 },
  )

  test.each([cheapest, weighted])('workflows 11 score is from 0 to 1 and monotone with the order, $policy', (rules) => {
    fc.assert(
      fc.property(arbitraryFacts, (models) => {
        const scores = rankModels(models, rules).map(({ score }) => score)
        for (const score of scores) {
          expect(score).toBeGreaterThanOrEqual(0)
          expect(score).toBeLessThanOrEqual(1)
        }
        expect([...scores].sort((one, other) => other - one)).toEqual(scores)
      }),
    )
  })

  test.each([cheapest, weighted])('workflows 11 the order does not depend on the order of models, $policy', (rules) => {
    fc.assert(
      fc.property(arbitraryFacts, (models) => {
        expect(rankModels(models.toReversed(), rules)).toEqual(rankModels(models, rules))
      }),
    )
  })
})
