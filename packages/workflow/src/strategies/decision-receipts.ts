import type { ModelReceipt } from '@parley/spec'
import { completeReceipt, type CallsEnd } from '../routing/model-receipt.ts'
import { noModelsAvailable } from '../routing/no-models-available.ts'
import type { Admission } from './admit.ts'
import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import type { PlannedRouting } from './plan-routing.ts'

type Admitted = Extract<Admission, { status: 'admitted' }>

/** How a decision is told on its receipt. */
export interface DecisionNote {
  strategy: ModelReceipt['decision']['strategy']
  /** Asked when the first fails. @default none */
  fallbackChain?: string[]
  note?: string | undefined
}

/** Writes the receipt of models that are about to be asked; where it cannot be written, what was held for them is let go. */
export async function openDecision(
  plan: ModelCallPlan,
  ports: ModelCallPorts,
  planned: PlannedRouting,
  { decision, estimate, downgrade, key }: Admitted,
  { strategy, fallbackChain = [], note }: DecisionNote,
): Promise<ModelReceipt> {
  const downgradedFrom = plan.downgradedFrom ?? downgrade?.from
  const receipt = ports.router.receipt({
    account: plan.account,
    promptHash: planned.promptHash,
    classification: planned.classification,
    candidates: decision.candidates,
    decision: {
      modelId: decision.modelId,
      strategy,
      fallbackChain,
      promptRewritten: plan.promptRewritten ?? false,
      ...(downgradedFrom === undefined ? {} : { downgradedFrom }),
      ...(decision.tierRaised === undefined ? {} : { tierRaised: decision.tierRaised }),
      ...(decision.isPinned ? { pinned: true } : {}),
      ...(note === undefined ? {} : { note }),
    },
    estimateNanoUsd: estimate.costNanoUsd,
    envelopes: ports.budget.envelopes,
  })
  try {
    await ports.onReceipt?.(receipt)
  } catch (thrown) {
    await ports.budget.release(key)
    throw thrown
  }
  return receipt
}

/** Writes the receipt again with what came of it. */
export async function closeDecision(
  receipt: ModelReceipt,
  end: CallsEnd,
  ports: ModelCallPorts,
): Promise<ModelReceipt> {
  const complete = completeReceipt(receipt, end)
  await ports.onReceipt?.(complete)
  return complete
}

/** Writes the receipt of a decision that nothing was sent for, and tells what came of it. */
export async function refuse(
  plan: ModelCallPlan,
  ports: ModelCallPorts,
  planned: PlannedRouting,
  admission: Exclude<Admission, Admitted>,
  strategy: DecisionNote['strategy'],
): Promise<ModelCallOutcome> {
  const { decision } = admission
  const receipt = ports.router.receipt({
    account: plan.account,
    promptHash: planned.promptHash,
    classification: planned.classification,
    candidates: decision.candidates,
    decision: {
      modelId: null,
      strategy,
      fallbackChain: [],
      promptRewritten: plan.promptRewritten ?? false,
      ...(plan.downgradedFrom === undefined ? {} : { downgradedFrom: plan.downgradedFrom }),
      ...(admission.status === 'noModels' ? { note: admission.decision.remedy } : {}),
    },
    estimateNanoUsd: null,
    envelopes: ports.budget.envelopes,
    errorCode: admission.status === 'noModels' ? 'no_models_available' : 'budget_exceeded',
  })
  await ports.onReceipt?.(receipt)
  if (admission.status === 'noModels')
    return { status: 'noModels', receipt, error: noModelsAvailable(admission.decision) }
  const { envelope, exceeded, onExceed } = admission.refusal
  return { status: 'budgetExceeded', receipt, envelope, exceeded, onExceed }
}
