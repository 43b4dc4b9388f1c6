import { ParleyError } from '@parley/spec'
import { defaultWeights, type RankingWeights, type RoutingPolicy } from './rank-models.ts'

/** How a router puts models in order. Versions are kept, so that an earlier one can be taken again. */
export interface RouterVersion {
  readonly version: string
  readonly policy: RoutingPolicy
  readonly weights: RankingWeights
  /** Weights that were fitted for a category. */
  readonly categoryWeights?: { readonly [category: string]: RankingWeights }
}

/** The version that a router begins with: the cheapest model first. */
export const firstRouterVersion: RouterVersion = { version: '1', policy: 'cheapest', weights: defaultWeights }

/** @throws {ParleyError} `invalid_options` for weights that are negative, no numbers, or all zero */
export function checkWeights({ cost, latency, quality }: RankingWeights): void {
  const weights = [cost, latency, quality]
  if (weights.every((weight) => Number.isFinite(weight) && weight >= 0) && cost + latency + quality > 0) return
  throw new ParleyError({
    code: 'invalid_options',
    message: 'The weights of a router are numbers from 0 up, at least one of them above 0.',
    details: { path: 'weights', expected: 'numbers from 0 up, not all 0' },
  })
}
