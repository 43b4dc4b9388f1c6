// Three models that say what they are told to, with cards as real ones have: what they can do, what they cost.
import type { ModelCard } from '@parley/spec'
import { scriptedModel, type ScriptedModel, type ScriptedTurn } from '@parley/testing'

const cards = {
  // Prices are in billionths of a dollar per token: 3_000 is $3 per million.
  fast: { tier: 'small', price: { from: '2026-01-01T00:00:00Z', input: 250, output: 1_000 }, quality: { code: 0.76 } },
  balanced: {
    tier: 'standard',
    price: { from: '2026-01-01T00:00:00Z', input: 3_000, output: 15_000 },
    quality: { reasoning: 0.86, code: 0.85 },
  },
  high: {
    tier: 'large',
    price: { from: '2026-01-01T00:00:00Z', input: 15_000, output: 75_000 },
    quality: { reasoning: 0.95, code: 0.95 },
  },
} satisfies { [name: string]: Partial<ModelCard> }

/** A model of a tier, named `<tier>/model`, that gives these answers one after another, then the last one again. */
export function modelOf(tier: keyof typeof cards, answers: readonly ScriptedTurn[]): ScriptedModel {
  return scriptedModel(answers, { id: `${tier}/model`, card: { contextTokens: 200_000, ...cards[tier] }, then: 'last' })
}
