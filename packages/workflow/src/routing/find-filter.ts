import type { CapabilityRequirement, FilterName } from '@parley/spec'
import { isUsable } from './circuit.ts'
import { estimateCost, neededOutputTokens, outputCapOf } from './estimate-call.ts'
import { qualityOf } from './model-facts.ts'
import type { RouteRequest } from './route-request.ts'
import type { PoolModel } from './routing-pool.ts'

/** Why a model was removed. */
export interface Removal {
  readonly filter: FilterName
  readonly detail?: string
}

/** A capability with what it asks, worked out once per decision. */
export interface Demand {
  readonly kind: string
  /** What its lack is told as. */
  readonly removal: Removal
  readonly requirement: CapabilityRequirement
}

/** Whether a model is among the cheapest third of a tier it serves. */
export type CheapestThird = (model: PoolModel) => boolean

/** Those that need no detail, made once: hundreds of models are looked at for each decision. */
const removed = {
  health: { filter: 'health' },
  provider_allow: { filter: 'provider_allow' },
  provider_deny: { filter: 'provider_deny' },
  price_unknown: { filter: 'price_unknown' },
  budget: { filter: 'budget' },
} as const satisfies Record<string, Removal>

/** The first of the filters before the tier (health, providers, privacy, capabilities, context) that removes a model. */
export function findHardFilter(
  model: PoolModel,
  request: RouteRequest,
  demands: readonly Demand[],
  isCheap: CheapestThird,
  nowMs: number,
): Removal | undefined {
  if (!isUsable(model.circuit, nowMs)) return removed.health
  const { provider } = model.card
  if (request.providers?.allow?.includes(provider) === false) return removed.provider_allow
  if (request.providers?.deny?.includes(provider)) return removed.provider_deny
  const privacy = findPrivacyFault(model, request)
  if (privacy !== undefined) return { filter: 'privacy', detail: privacy }
  for (const { removal, requirement } of demands) {
    if (!meets(model, requirement, request, isCheap)) return removal
  }
  const needed = request.inputTokens + neededOutputTokens(model.card, request.outputCapTokens)
  if (needed > model.card.contextTokens) {
    return { filter: 'context_length', detail: `${needed} > ${model.card.contextTokens} tokens` }
  }
  return undefined
}

/** The first of the filters after the tier (quality, price, budget) that removes a model. */
export function findSoftFilter(model: PoolModel, request: RouteRequest, floor: number): Removal | undefined {
  const quality = qualityOf(model.card, request.category)
  if (quality < floor) return { filter: 'quality_floor', detail: `${quality} < ${floor}` }
  const { budget } = request
  if (budget === undefined) return undefined
  const cap = outputCapOf(model.card, request.inputTokens, request.outputCapTokens)
  const cost = estimateCost(model.price, request.inputTokens, cap)
  if (budget.isCostCapped && cost === null) return removed.price_unknown
  if (budget.costNanoUsd !== undefined && (cost ?? Infinity) > budget.costNanoUsd) return removed.budget
  if (budget.tokens !== undefined && request.inputTokens + cap > budget.tokens) return removed.budget
  return undefined
}

/** Whether a model has a capability for this request. What its card does not say, it does not have. */
export function meets(
  model: PoolModel,
  requirement: CapabilityRequirement,
  request: RouteRequest,
  isCheap: CheapestThird,
): boolean {
  const { flag, quality, minContextTokens, maxFirstTokenMs, cheapestThird } = requirement
  if (flag !== undefined && !model.flags.has(flag)) return false
  if (quality !== undefined && qualityOf(model.card, quality.category) < quality.min) return false
  if (minContextTokens !== undefined) {
    const needed = request.inputTokens + neededOutputTokens(model.card, request.outputCapTokens)
    if (model.card.contextTokens < Math.max(minContextTokens, needed)) return false
  }
  if (maxFirstTokenMs !== undefined && !((model.firstTokenP50Ms ?? Infinity) <= maxFirstTokenMs)) return false
  return cheapestThird !== true || isCheap(model)
}

/** The least quality that is asked for in a category. */
export function qualityFloor({ minQuality, category }: Pick<RouteRequest, 'minQuality' | 'category'>): number {
  if (typeof minQuality === 'number') return minQuality
  if (category === 'reasoning') return 0.85
  return category === 'summarization' ? 0.6 : 0.7
}

function findPrivacyFault({ card }: PoolModel, { privacy }: RouteRequest): string | undefined {
  if (privacy === undefined) return undefined
  const { regions, maxRetentionDays, noTraining } = privacy
  if (regions !== undefined && !(card.regions ?? []).some((region) => regions.includes(region))) return 'region'
  if (maxRetentionDays !== undefined && !((card.retentionDays ?? Infinity) <= maxRetentionDays)) return 'retention'
  if (noTraining === true && card.training !== false) return 'training'
  return undefined
}
