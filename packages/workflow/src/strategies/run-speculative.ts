import { ParleyError, tiers, type DraftComparison, type ModelReceipt } from '@parley/spec'
import type { RankedModel, RouteDecision } from '../routing/route.ts'
import type { RouteRequest } from '../routing/route-request.ts'
import { admit } from './admit.ts'
import { ask, toAsked, toLost, type AskedModel } from './asked-model.ts'
import { boundRequest } from './bound-request.ts'
import { countedPorts, type CountedPorts } from './counted-ports.ts'
import { decideSpeculation } from './decide-speculation.ts'
import { openDecision, refuse } from './decision-receipts.ts'
import { checkComparison, draftsAgree, type Agreement } from './drafts-agree.ts'
import type { Downgrade, ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { limitsOf, planRouting, type PlannedRouting } from './plan-routing.ts'
import { runSingle } from './run-single.ts'
import { bookCalls, closeCalls, type JointEnd } from './settle-calls.ts'
import { callOptions } from './watch-stream.ts'

/** How a speculation is run. */
export interface SpeculativeOptions {
  /** How text is compared; structured output is compared deeply. @default 'normalized' */
  compare?: DraftComparison
  /** Whether the draft may be taken when the verifier fails. @default false */
  allowUnverified?: boolean
}

/**
 * Asks a model of one tier below for a draft and, at the same time, a model of the step's tier that it is held against.
 * The draft's answer is used where both agree, else the verifier's.
 * @throws {ParleyError} `invalid_options`, `unknown_reference` for a comparison that lacks what it needs; the signal's
 * reason when aborted
 */
export async function runSpeculative(
  plan: ModelCallPlan,
  given: ModelCallPorts,
  { compare = 'normalized', allowUnverified = false }: SpeculativeOptions = {},
): Promise<ModelCallOutcome> {
  const ports = countedPorts(given)
  checkComparison(compare, ports)
  const planned = await planRouting(plan, ports)
  const admission = await admit(plan, ports, planned, (decision, request) => {
    const draft = findDraft(decision, request, plan, ports)
    return [...decision.ranked.slice(0, 1), ...(draft === undefined ? [] : [draft])]
  })
  if (admission.status !== 'admitted') return refuse(plan, ports, planned, admission, 'speculative')
  const { key, models, maxOutputTokens, downgrade } = admission
  const [verifierModel, draftModel] = models
  if (draftModel === undefined) {
    await ports.budget.release(key)
    return withoutDraft(plan, ports, planned, downgrade)
  }
  const note = `draft by ${draftModel.modelId}`
  const receipt = await openDecision(plan, ports, planned, admission, { strategy: 'speculative', note })
  const startedAtMs = ports.clock.monotonicMs()
  const pair = { verifier: toAsked(verifierModel), draft: toAsked(draftModel) }
  const wasSlower = await askBoth(pair, plan, ports, { allowUnverified, maxOutputTokens })
  const spent = await bookCalls(key, [pair.draft, pair.verifier], ports)
  return settle(pair, receipt, plan, ports, { compare, allowUnverified, wasSlower, spent, startedAtMs, downgrade })
}

interface Pair {
  draft: AskedModel
  verifier: AskedModel
}

/** Asks both at once. True when the verifier was the first to end. */
async function askBoth(
  { draft, verifier }: Pair,
  plan: ModelCallPlan,
  ports: CountedPorts,
  { allowUnverified, maxOutputTokens }: { allowUnverified: boolean; maxOutputTokens: number | undefined },
): Promise<boolean> {
  const { modelId } = draft.ranked
  const { tenantId } = plan.account
  const draftStop = new AbortController()
  const requestOf = ({ ranked }: AskedModel): ReturnType<typeof boundRequest> =>
    boundRequest(plan.request, ranked, ports.budget, maxOutputTokens)
  const drafting = ask(draft, requestOf(draft), ports, {
    ...callOptions({ ...plan, purpose: 'speculation' }, AbortSignal.any([ports.signal, draftStop.signal])),
    tenantId,
    onText: (text) => ports.onDelta?.(text, { modelId, isProvisional: true }),
    onAnswer: ({ result, value }) => ports.onDraft?.({ modelId, text: result.text, value }),
  })
  await ask(verifier, requestOf(verifier), ports, { ...callOptions(plan, ports.signal), tenantId })
  const wasSlower = draft.end.status === 'unasked'
  // A draft that is not there yet serves nothing any more, unless it may stand in for its verifier.
  if (verifier.end.status === 'valid' || !allowUnverified) draftStop.abort(notNeeded(modelId))
  await drafting
  return wasSlower
}

/** Compares, decides, and completes the receipt. */
async function settle(
  pair: Pair,
  receipt: ModelReceipt,
  plan: ModelCallPlan,
  ports: CountedPorts,
  options: Pick<JointEnd, 'spent' | 'startedAtMs'> &
    Required<SpeculativeOptions> & { wasSlower: boolean; downgrade: Downgrade | undefined },
): Promise<ModelCallOutcome> {
  const { draft, verifier } = pair
  const { spent, startedAtMs, compare, allowUnverified, wasSlower, downgrade } = options
  const close = (end: Omit<JointEnd, 'spent' | 'startedAtMs'>): Promise<ModelReceipt> =>
    closeCalls(receipt, [draft, verifier], { spent, startedAtMs, ...end }, ports)
  let agreement: Agreement = { agree: false }
  try {
    ports.signal.throwIfAborted()
    if (draft.end.status === 'valid' && verifier.end.status === 'valid') {
      agreement = await draftsAgree(draft.end, verifier.end, compare, plan, ports)
    }
  } catch (thrown) {
    await close({ status: 'cancelled', lost: [] })
    throw thrown
  }
  const verdict = decideSpeculation({
    draft: draft.end.status,
    verifier: verifier.end.status,
    wasSlower,
    agree: agreement.agree,
    allowUnverified,
  })
  const lost = [
    verdict.draftLost === undefined ? undefined : toLost(draft, verdict.draftLost, ports.router),
    verdict.verifierLost === undefined ? undefined : toLost(verifier, verdict.verifierLost, ports.router),
  ]
  const more = downgrade === undefined ? {} : { downgrade }
  const noted = agreement.note === undefined ? {} : { note: agreement.note }
  const taken = verdict.taken === 'none' ? undefined : pair[verdict.taken]
  if (taken?.end.status === 'valid') {
    const { modelId } = taken.ranked
    const { verified } = verdict
    const { result, value } = taken.end
    const done = await close({ status: 'success', modelId, taken, verified, lost, ...noted })
    return { status: 'completed', receipt: done, result, value, modelId, verified, ...more }
  }
  if (verifier.end.status === 'invalid') {
    const { result, faults } = verifier.end
    const done = await close({ status: 'failed', errorCode: 'contract_output', lost })
    return { status: 'invalid', receipt: done, result, faults, modelId: verifier.ranked.modelId, ...more }
  }
  const error = verifier.end.status === 'failed' ? verifier.end.error : unanswered(verifier.ranked.modelId)
  const done = await close({ status: 'failed', errorCode: error.code, lost })
  return { status: 'failed', receipt: done, error, ...more }
}

/** The best model of the tier below that which was decided on. */
function findDraft(
  decision: Extract<RouteDecision, { ok: true }>,
  { model: _pin, ...request }: RouteRequest,
  plan: ModelCallPlan,
  { router, budget }: ModelCallPorts,
): RankedModel | undefined {
  const below = tiers[tiers.indexOf(decision.tier) - 1]
  if (below === undefined) return undefined
  const limits = limitsOf(budget)
  const drafts = router.route({ ...request, tier: below, maxTier: below, budget: limits }, plan.account.tenantId)
  return drafts.ok ? drafts.ranked.find(({ modelId }) => modelId !== decision.modelId) : undefined
}

/** One model after all, where no tier below has one; the receipt says so. */
async function withoutDraft(
  plan: ModelCallPlan,
  ports: CountedPorts,
  planned: PlannedRouting,
  downgrade: Downgrade | undefined,
): Promise<ModelCallOutcome> {
  const note = 'no draft: no model one tier below'
  if (downgrade === undefined) return runSingle(plan, ports, { note, planned })
  const lowered = { ...plan, downgradedFrom: plan.downgradedFrom ?? downgrade.from }
  const request = { ...planned.request, maxTier: downgrade.to }
  const outcome = await runSingle(lowered, ports, { note, planned: { ...planned, request } })
  return outcome.downgrade === undefined ? { ...outcome, downgrade } : outcome
}

function notNeeded(modelId: string): ParleyError {
  return new ParleyError({
    code: 'late_result',
    message: `The verifier ended before the draft of "${modelId}".`,
    details: { model: modelId },
  })
}

function unanswered(modelId: string): ParleyError {
  return new ParleyError({
    code: 'model_unavailable',
    message: `The verifier "${modelId}" gave no answer. Try again.`,
    details: { model: modelId },
  })
}
