import type { Tier } from '@parley/spec'
import { estimateCost, outputCapOf } from './estimate-call.ts'
import type { CheapestThird } from './find-filter.ts'
import type { RouteRequest } from './route-request.ts'
import type { PoolModel } from './routing-pool.ts'

/**
 * Tells which models are among the cheapest third of a tier they serve, for one request; of unknown price none is. The
 * prices are looked through at the first question only.
 */
export function findCheapestThird(models: readonly PoolModel[], request: RouteRequest): CheapestThird {
  const limits = new Map<Tier, number>()
  const costOf = (model: PoolModel): number | null =>
    estimateCost(
      model.price,
      request.inputTokens,
      // The same length of answer for all, so that a model that can write more is not taken for dearer.
      outputCapOf(model.card, request.inputTokens, request.outputCapTokens ?? 1_000),
    )
  const limitOf = (tier: Tier): number => {
    const known = limits.get(tier)
    if (known !== undefined) return known
    const costs = new Float64Array(models.length)
    let count = 0
    for (const model of models) if (model.tiers.includes(tier)) costs[count++] = costOf(model) ?? Infinity
    const limit = costs.subarray(0, count).sort()[Math.ceil(count / 3) - 1] ?? -1
    limits.set(tier, limit)
    return limit
  }
  return (model) => {
    const cost = costOf(model)
    return cost !== null && model.tiers.some((tier) => cost <= limitOf(tier))
  }
}
