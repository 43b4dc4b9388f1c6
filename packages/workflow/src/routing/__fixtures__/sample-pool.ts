import type { ModelCard, Price } from '@parley/spec'
import { defaultRequirement } from '../capability-requirements.ts'
import { defaultWeights } from '../rank-models.ts'
import type { RouteRequest } from '../route-request.ts'
import { toPoolModel, type PoolModel, type RoutingPool } from '../routing-pool.ts'

/** A price in nano-USD per token. */
export function samplePrice(input: number, output: number = input): Price {
  return { from: '2026-01-01T00:00:00.000Z', input, output }
}

/** A card that meets every filter of a balanced request, unless a test says otherwise. */
export function sampleCard(id: string, changes: Partial<ModelCard> = {}): ModelCard {
  return {
    id,
    provider: id.split('/')[0] ?? id,
    contextTokens: 128_000,
    maxOutputTokens: 1_000,
    input: ['text'],
    tools: true,
    structuredOutput: 'native',
    reasoning: false,
    tiers: ['balanced'],
    price: samplePrice(10),
    ...changes,
  }
}

export function samplePool(models: readonly (ModelCard | PoolModel)[], changes: Partial<RoutingPool> = {}): RoutingPool {
  return {
    models: models.map((model) => ('circuit' in model ? model : toPoolModel(model))),
    policy: 'cheapest',
    weights: defaultWeights,
    requirement: defaultRequirement,
    keyNames: [],
    ...changes,
  }
}

export function sampleRequest(changes: Partial<RouteRequest> = {}): RouteRequest {
  return { tier: 'balanced', capabilities: [], category: 'other', inputTokens: 100, ...changes }
}
