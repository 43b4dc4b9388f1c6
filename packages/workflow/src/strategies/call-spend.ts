import { costOf, type Price, type Spend, type Usage } from '@parley/spec'
import type { RankedModel } from '../routing/route.ts'
import type { SeenCall } from './watch-stream.ts'

/** What a call took: as the vendor counted, else estimated. */
export interface CallSpend {
  usage: Usage
  costNanoUsd: number | null
  basis: 'usage' | 'estimate'
}

const charactersPerToken = 4

/**
 * What a call took so far. Without figures of the vendor: the input and what was written, where the request was worked
 * on; nothing, where it failed before anything came.
 */
export function spendOf(
  seen: SeenCall,
  price: Price | undefined,
  inputTokens: number,
  wasWorkedOn: boolean,
): CallSpend {
  if (seen.usage !== undefined) {
    return { usage: seen.usage, costNanoUsd: costOf(price, { ...seen.usage, requests: 1 }), basis: 'usage' }
  }
  if (!wasWorkedOn) return { usage: { inputTokens: 0, outputTokens: 0 }, costNanoUsd: 0, basis: 'estimate' }
  const usage = { inputTokens, outputTokens: Math.ceil(seen.writtenCharacters / charactersPerToken) }
  return { usage, costNanoUsd: costOf(price, { ...usage, requests: 1 }), basis: 'estimate' }
}

/** What several calls took together; unknown when one is. */
export function sumSpends(spends: readonly CallSpend[]): CallSpend {
  const usage: Usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0, reasoningTokens: 0 }
  let costNanoUsd: number | null = 0
  for (const spend of spends) {
    usage.inputTokens += spend.usage.inputTokens
    usage.outputTokens += spend.usage.outputTokens
    usage.cachedInputTokens = (usage.cachedInputTokens ?? 0) + (spend.usage.cachedInputTokens ?? 0)
    usage.reasoningTokens = (usage.reasoningTokens ?? 0) + (spend.usage.reasoningTokens ?? 0)
    costNanoUsd = costNanoUsd === null || spend.costNanoUsd === null ? null : costNanoUsd + spend.costNanoUsd
  }
  return { usage, costNanoUsd, basis: spends.every(({ basis }) => basis === 'usage') ? 'usage' : 'estimate' }
}

/** What a budget is told of calls that took this. */
export function toSpend({ usage, costNanoUsd }: CallSpend, calls: number): Spend {
  return { costNanoUsd, tokens: usage.inputTokens + usage.outputTokens, calls }
}

/** What is held for calls before they are made. */
export function estimateOf(models: readonly RankedModel[]): Spend & { tokens: number; calls: number } {
  let costNanoUsd: number | null = 0
  let tokens = 0
  for (const model of models) {
    costNanoUsd = costNanoUsd === null || model.costNanoUsd === null ? null : costNanoUsd + model.costNanoUsd
    tokens += model.inputTokens + model.outputCapTokens
  }
  return { costNanoUsd, tokens, calls: models.length }
}
