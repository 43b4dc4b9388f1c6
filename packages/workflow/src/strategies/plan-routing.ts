import {
  estimateInputTokens,
  sha256Hex,
  type Budget,
  type CapabilityHint,
  type ChatRequest,
  type ContentPart,
} from '@parley/spec'
import type { Classification } from '../routing/classify-prompt.ts'
import { promptText } from '../routing/prompt-text.ts'
import type { BudgetLimits, RouteRequest } from '../routing/route-request.ts'
import type { ModelCallPlan, ModelCallPorts } from './model-call.ts'

/** What does not change while one decision looks for models that fit. */
export interface PlannedRouting {
  classification: Classification
  promptHash: string
  request: RouteRequest
}

/** Reads from a plan what routing needs to know: tokens, category, what the request itself asks of a model. */
export async function planRouting(
  plan: ModelCallPlan,
  { router, signal, budget }: ModelCallPorts,
): Promise<PlannedRouting> {
  const { request, tier, maxTier, model, providers, privacy, minQuality } = plan
  const classification = await router.classify(request, { signal, budget })
  return {
    classification,
    promptHash: sha256Hex(promptText(request)),
    request: {
      tier,
      capabilities: withOwnNeeds(plan.capabilities ?? [], request),
      category: classification.category,
      inputTokens: estimateInputTokens(request),
      ...(maxTier === undefined ? {} : { maxTier }),
      ...(model === undefined ? {} : { model }),
      ...(request.maxOutputTokens === undefined ? {} : { outputCapTokens: request.maxOutputTokens }),
      ...(providers === undefined ? {} : { providers }),
      ...(privacy === undefined ? {} : { privacy }),
      ...(minQuality === undefined ? {} : { minQuality }),
    },
  }
}

/** What all envelopes together leave for one call. One that only warns takes nothing away. */
export function limitsOf(budget: Budget): BudgetLimits {
  let isCostCapped = false
  let costNanoUsd = Infinity
  let tokens = Infinity
  for (const { spec, remaining } of budget.envelopes) {
    if (spec.maxCostUsd !== undefined) isCostCapped = true
    if (spec.onExceed === 'warn') continue
    if (spec.maxCostUsd !== undefined) costNanoUsd = Math.min(costNanoUsd, remaining.costNanoUsd ?? Infinity)
    tokens = Math.min(tokens, remaining.tokens ?? Infinity)
  }
  return {
    isCostCapped,
    ...(costNanoUsd === Infinity ? {} : { costNanoUsd }),
    ...(tokens === Infinity ? {} : { tokens }),
  }
}

/** The capabilities of a plan, with those that its request cannot do without. */
function withOwnNeeds(hints: readonly CapabilityHint[], request: ChatRequest): CapabilityHint[] {
  const needs = new Set<CapabilityHint['kind']>()
  if (request.tools !== undefined && request.tools.length > 0) needs.add('tool_use')
  for (const part of partsOf(request)) {
    if (part.type === 'image') needs.add('vision')
    if (part.type === 'audio') needs.add('audio_in')
    if (part.type === 'file') needs.add('x_file_input')
  }
  const kept = hints.filter(({ kind }) => !needs.has(kind))
  return [...kept, ...[...needs].map((kind) => ({ kind, required: true }))]
}

function partsOf({ messages }: ChatRequest): ContentPart[] {
  return messages
    .flatMap((message) => (message.role === 'tool' ? message.results.map(({ content }) => content) : [message.content]))
    .flatMap((content) => (typeof content === 'string' ? [] : content))
}
