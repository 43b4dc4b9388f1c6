import type { CapabilityKind, CapabilityRequirement, ModelCard, Price, Tier } from '@parley/spec'
import { circuitMachine, type Circuit } from './circuit.ts'
import { flagsOf, tiersOf } from './model-facts.ts'
import type { RankingWeights, RoutingPolicy } from './rank-models.ts'

/** One model as routing sees it. Immutable. */
export interface PoolModel {
  readonly id: string
  readonly card: ModelCard
  readonly tiers: readonly Tier[]
  readonly flags: ReadonlySet<string>
  /** Valid now. Absent: unknown. */
  readonly price?: Price
  readonly circuit: Circuit
  /** As measured, else as the card says. */
  readonly firstTokenP50Ms?: number
}

/** All that a decision is made from besides the request. */
export interface RoutingPool {
  /** In order of registration, ids once. */
  readonly models: readonly PoolModel[]
  readonly policy: RoutingPolicy
  readonly weights: RankingWeights
  /** Weights that were fitted for a category. */
  readonly categoryWeights?: { readonly [category: string]: RankingWeights }
  readonly requirement: (kind: CapabilityKind) => CapabilityRequirement
  /** Names of keys that would make more models available, for remedies. */
  readonly keyNames: readonly string[]
}

/** A model of a pool, healthy, as its card says. */
export function toPoolModel(card: ModelCard, price: Price | undefined = card.price): PoolModel {
  const p50Ms = card.latencyMs?.firstTokenP50
  return {
    id: card.id,
    card,
    tiers: tiersOf(card),
    flags: flagsOf(card),
    circuit: circuitMachine.initial,
    ...(price === undefined ? {} : { price }),
    ...(p50Ms === undefined ? {} : { firstTokenP50Ms: p50Ms }),
  }
}
