import type { Budget, ChatRequest } from '@parley/spec'
import type { RankedModel } from '../routing/route.ts'

/**
 * A request as it is sent: with the cap that its cost was held for. Without caps in the budget, a request that names none
 * is sent as it is.
 */
export function boundRequest(
  request: ChatRequest,
  model: RankedModel,
  budget: Budget,
  maxOutputTokens?: number,
): ChatRequest {
  const isCapped = budget.envelopes.some(({ spec }) => spec.maxCostUsd !== undefined || spec.maxTokens !== undefined)
  if (!isCapped && request.maxOutputTokens === undefined) return request
  return { ...request, maxOutputTokens: Math.min(model.outputCapTokens, maxOutputTokens ?? Infinity) }
}
