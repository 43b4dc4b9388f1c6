import { nearestName, tiers, type FilterName, type ReceiptCandidate, type Tier } from '@parley/spec'
import { findCheapestThird } from './cheapest-third.ts'
import { estimateCost, outputCapOf } from './estimate-call.ts'
import {
  findHardFilter,
  findSoftFilter,
  meets,
  qualityFloor,
  type CheapestThird,
  type Demand,
  type Removal,
} from './find-filter.ts'
import { qualityOf } from './model-facts.ts'
import { rankModels, type Ranked, type RankingFacts } from './rank-models.ts'
import { remedyFor } from './remedy.ts'
import { pinnedModel, type RouteRequest } from './route-request.ts'
import type { PoolModel, RoutingPool } from './routing-pool.ts'

/** How many models stand by behind the chosen one. */
export const fallbackChainLength = 3

/** A model that met all that was asked, with what a call of it is reserved at. */
export type RankedModel = Ranked<RankingFacts> & { provider: string; inputTokens: number; outputCapTokens: number }

/** Which model to ask, or why none can be. */
export type RouteDecision =
  | {
      ok: true
      modelId: string
      /** Asked next, in this order, when one fails in a way that may pass. */
      fallbackChain: string[]
      tier: Tier
      /** Set when no model of the tier asked for was left and a higher one is taken. */
      tierRaised?: Tier
      isPinned: boolean
      /** Best first; a pinned model alone. */
      ranked: RankedModel[]
      /** Every model of the pool, once. */
      candidates: ReceiptCandidate[]
    }
  | {
      ok: false
      code: 'no_models_available'
      /** What removed most. Absent: there is no model, or none of the name asked for. */
      filter?: FilterName
      remedy: string
      /** Those that only the budget removed, best first. */
      overBudget: RankedModel[]
      candidates: ReceiptCandidate[]
    }

/**
 * Decides which model to ask. Pure: equal arguments give equal decisions.
 * @param nowMs - monotonic ms, for the health of models
 */
export function route(request: RouteRequest, pool: RoutingPool, nowMs: number): RouteDecision {
  const pin = pinnedModel(request)
  const demands = request.capabilities.filter(({ required }) => required).map(({ kind }) => toDemand(kind, pool))
  const optional = request.capabilities.filter(({ required }) => !required).map(({ kind }) => toDemand(kind, pool))
  const isCheap = findCheapestThird(pool.models, request)
  /** By the place of the model. */
  const removals = pool.models.map((model) => findHardFilter(model, request, demands, isCheap, nowMs))
  const { tier, survivors } = chooseTier(request, pool, removals)
  const rank = (models: readonly PoolModel[]): RankedModel[] =>
    rankModels(
      models.map((model) => toFacts(model, request, optional, isCheap)),
      {
        policy: pool.policy,
        weights: pool.categoryWeights?.[request.category] ?? pool.weights,
        optionalCount: optional.length,
      },
    )
  const ranked = rank(survivors)
  const scored = new Map(ranked.map((facts) => [facts.modelId, facts]))
  const candidates = pool.models.map((model, place): ReceiptCandidate => {
    const removal = removals[place]
    const facts = removal === undefined ? scored.get(model.id) : undefined
    if (facts !== undefined) return toCandidate(model, facts, optional, request, isCheap)
    const { filter, detail } = removal ?? tierRemoval
    return detail === undefined
      ? { modelId: model.id, filteredOutBy: filter }
      : { modelId: model.id, filteredOutBy: filter, detail }
  })

  const isWanted = ({ modelId }: RankedModel): boolean => pin === undefined || modelId === pin
  const taken = ranked.filter(isWanted)
  const [first] = taken
  if (first !== undefined) {
    const isRaised = pin === undefined && isAbove(tier, request.tier)
    return {
      ok: true,
      modelId: first.modelId,
      fallbackChain: taken.slice(1, 1 + fallbackChainLength).map(({ modelId }) => modelId),
      tier,
      isPinned: pin !== undefined,
      ranked: taken,
      candidates,
      ...(isRaised ? { tierRaised: tier } : {}),
    }
  }
  const overBudget = rank(pool.models.filter((_model, place) => removals[place]?.filter === 'budget')).filter(isWanted)
  return { ok: false, code: 'no_models_available', ...explain(request, pool, removals), overBudget, candidates }
}

const tierRemoval: Removal = { filter: 'tier' }

/**
 * The first tier, of those that may be tried, that has a model left. Those of other tiers, and those that quality, price
 * or budget remove, are added to the removals.
 */
function chooseTier(
  request: RouteRequest,
  pool: RoutingPool,
  removals: (Removal | undefined)[],
): { tier: Tier; survivors: PoolModel[] } {
  const pin = pinnedModel(request)
  const floor = qualityFloor(request)
  const bindsPin = isLowered(request)
  // Who names a model has chosen its tier, and its quality unless a floor is set; a downgrade still binds.
  const serves = (model: PoolModel, tier: Tier): boolean =>
    model.tiers.includes(tier) || (model.id === pin && !bindsPin)
  const findSoft = (model: PoolModel): Removal | undefined =>
    findSoftFilter(model, request, model.id === pin && typeof request.minQuality !== 'number' ? 0 : floor)

  const order = tierOrder(request)
  let chosen: { tier: Tier; survivors: PoolModel[] } | undefined
  for (const tier of order) {
    const survivors = pool.models.filter(
      (model, place) => removals[place] === undefined && serves(model, tier) && findSoft(model) === undefined,
    )
    if (survivors.length === 0) continue
    const hasPin = pin === undefined || survivors.some(({ id }) => id === pin)
    // Where the model asked for by name is in no tier, the first tier still shows what the others were worth.
    if (hasPin || chosen === undefined) chosen = { tier, survivors }
    if (hasPin) break
  }
  const tried = chosen === undefined ? order : [chosen.tier]
  pool.models.forEach((model, place) => {
    if (removals[place] !== undefined) return
    removals[place] = tried.some((tier) => serves(model, tier)) ? findSoft(model) : tierRemoval
  })
  return chosen ?? { tier: request.tier, survivors: [] }
}

/** Tiers to try, in order: upwards from the one asked for; downwards from where a downgrade begins. */
function tierOrder(request: RouteRequest): Tier[] {
  const { tier, maxTier } = request
  if (isLowered(request) && maxTier !== undefined) return tiers.slice(0, tiers.indexOf(maxTier) + 1).toReversed()
  return tiers.slice(tiers.indexOf(tier), maxTier === undefined ? undefined : tiers.indexOf(maxTier) + 1)
}

function isLowered({ tier, maxTier }: RouteRequest): boolean {
  return maxTier !== undefined && isAbove(tier, maxTier)
}

function isAbove(tier: Tier, other: Tier): boolean {
  return tiers.indexOf(tier) > tiers.indexOf(other)
}

function toDemand(kind: RouteRequest['capabilities'][number]['kind'], pool: RoutingPool): Demand {
  return { kind, removal: { filter: `capability:${kind}` }, requirement: pool.requirement(kind) }
}

function toFacts(
  model: PoolModel,
  request: RouteRequest,
  optional: readonly Demand[],
  isCheap: CheapestThird,
): RankingFacts & Pick<RankedModel, 'provider' | 'inputTokens' | 'outputCapTokens'> {
  const outputCapTokens = outputCapOf(model.card, request.inputTokens, request.outputCapTokens)
  return {
    modelId: model.id,
    provider: model.card.provider,
    inputTokens: request.inputTokens,
    outputCapTokens,
    optionalMet: optional.filter(({ requirement }) => meets(model, requirement, request, isCheap)).length,
    costNanoUsd: estimateCost(model.price, request.inputTokens, outputCapTokens),
    quality: qualityOf(model.card, request.category),
    ...(model.firstTokenP50Ms === undefined ? {} : { p50Ms: model.firstTokenP50Ms }),
  }
}

/** `reasons` are of a fixed form, so that weights can be fitted from receipts: `quality:0.8`, `p50_ms:300`, `optional:KIND`. */
function toCandidate(
  model: PoolModel,
  facts: RankedModel,
  optional: readonly Demand[],
  request: RouteRequest,
  isCheap: CheapestThird,
): ReceiptCandidate {
  const reasons = [`quality:${facts.quality}`]
  if (facts.p50Ms !== undefined) reasons.push(`p50_ms:${facts.p50Ms}`)
  for (const { kind, requirement } of optional) {
    if (meets(model, requirement, request, isCheap)) reasons.push(`optional:${kind}`)
  }
  return { modelId: model.id, score: facts.score, estCostNanoUsd: facts.costNanoUsd, reasons }
}

/** The filter that removed most, and what to do about it; of a model asked for by name, what removed that one. */
function explain(
  request: RouteRequest,
  pool: RoutingPool,
  removals: readonly (Removal | undefined)[],
): { filter?: FilterName; remedy: string } {
  const pin = pinnedModel(request)
  const { keyNames, models } = pool
  if (pin !== undefined) {
    const removal = removals[models.findIndex(({ id }) => id === pin)]
    if (removal !== undefined) return { filter: removal.filter, remedy: remedyFor(removal.filter, request, keyNames) }
    const nearest = nearestName(
      pin,
      models.map(({ id }) => id),
    )
    return {
      remedy: `No model "${pin}" is registered. ${nearest === undefined ? 'Register it, or ask for "auto".' : `Did you mean "${nearest}"?`}`,
    }
  }
  const counts = new Map<FilterName, number>()
  for (const removal of removals) {
    if (removal !== undefined) counts.set(removal.filter, (counts.get(removal.filter) ?? 0) + 1)
  }
  let most: FilterName | undefined
  for (const [filter, count] of counts) if (most === undefined || count > (counts.get(most) ?? 0)) most = filter
  if (most === undefined) return { remedy: remedyFor(undefined, request, keyNames) }
  return { filter: most, remedy: remedyFor(most, request, keyNames) }
}
