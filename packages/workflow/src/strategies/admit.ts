import { tiers, type EnvelopeKind, type Reservation, type Tier } from '@parley/spec'
import type { RankedModel, RouteDecision } from '../routing/route.ts'
import type { RouteRequest } from '../routing/route-request.ts'
import { estimateOf } from './call-spend.ts'
import type { CountedPorts } from './counted-ports.ts'
import type { Downgrade, ModelCallPlan } from './model-call.ts'
import { limitsOf, type PlannedRouting } from './plan-routing.ts'

type Chosen = Extract<RouteDecision, { ok: true }>
type Refusal = Extract<Reservation, { ok: false }>

/** Models that were decided on and whose cost is held, or why there are none. */
export type Admission =
  | {
      status: 'admitted'
      decision: Chosen
      models: readonly [RankedModel, ...RankedModel[]]
      /** Under which the cost is held. */
      key: string
      estimate: { costNanoUsd: number | null; tokens: number; calls: number }
      /** What the budget leaves for each answer, if less than was asked. */
      maxOutputTokens?: number
      downgrade?: Downgrade
    }
  | { status: 'noModels'; decision: Extract<RouteDecision, { ok: false }> }
  | { status: 'budgetExceeded'; decision: RouteDecision; refusal: Refusal }

/**
 * Decides on models and holds their cost, before anything is sent. Where an envelope that downgrades does not take it,
 * lower tiers are tried, all filters anew; where none fits, it stops.
 * @param pick - which of the ranked models are asked at once, the first of them being the one decided on
 */
export async function admit(
  plan: ModelCallPlan,
  ports: CountedPorts,
  planned: PlannedRouting,
  pick: (decision: Chosen, request: RouteRequest) => RankedModel[],
): Promise<Admission> {
  const { router, budget, signal } = ports
  const key = nextKey(plan, ports)
  let request = planned.request
  let refusal: Refusal | undefined
  for (;;) {
    const limits = limitsOf(budget)
    const decision = router.route({ ...request, budget: limits }, plan.account.tenantId)
    // Where only the budget is in the way, the budget itself says by which envelope, and what is to be done.
    const asked =
      decision.ok || decision.overBudget.length === 0
        ? decision
        : router.route({ ...request, budget: { isCostCapped: limits.isCostCapped } }, plan.account.tenantId)
    const [first, ...others] = asked.ok ? pick(asked, request) : []
    if (!asked.ok || first === undefined) {
      if (refusal !== undefined)
        return { status: 'budgetExceeded', decision, refusal: { ...refusal, onExceed: 'stop' } }
      return { status: 'noModels', decision: asked.ok ? noneOf(asked) : asked }
    }
    const models = [first, ...others] as const
    const estimate = estimateOf(models)
    const reservation = await budget.reserve(key, estimate, { signal })
    if (reservation.ok) {
      const { maxOutputTokens } = reservation
      return {
        status: 'admitted',
        decision: asked,
        models,
        key,
        estimate,
        ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
        ...(refusal === undefined ? {} : { downgrade: downgradeOf(plan, asked.tier, refusal.envelope) }),
      }
    }
    if (reservation.onExceed !== 'downgrade') return { status: 'budgetExceeded', decision, refusal: reservation }
    const lower = tierBelow(request)
    if (lower === undefined) {
      return { status: 'budgetExceeded', decision, refusal: { ...reservation, onExceed: 'stop' } }
    }
    refusal = reservation
    request = { ...request, maxTier: lower }
  }
}

/** The key of the next reservation of an attempt. */
export function nextKey({ key, dispatch = 1 }: ModelCallPlan, { nextCall }: CountedPorts): string {
  return `${key}:${nextCall()}:${dispatch}`
}

/** The tier below the highest that a request may have now. */
export function tierBelow({ tier, maxTier }: Pick<RouteRequest, 'tier' | 'maxTier'>): Tier | undefined {
  const highest = Math.min(tiers.indexOf(tier), tiers.indexOf(maxTier ?? tier))
  return tiers[highest - 1]
}

function downgradeOf(plan: ModelCallPlan, to: Tier, envelope: { kind: EnvelopeKind; id: string }): Downgrade {
  const from =
    plan.maxTier !== undefined && tiers.indexOf(plan.maxTier) < tiers.indexOf(plan.tier) ? plan.maxTier : plan.tier
  return { from, to, envelope }
}

/** A decision whose models do not serve the strategy. */
function noneOf({ candidates }: Chosen): Extract<RouteDecision, { ok: false }> {
  return {
    ok: false,
    code: 'no_models_available',
    remedy: 'Ask for fewer models at once, or register more.',
    overBudget: [],
    candidates,
  }
}
