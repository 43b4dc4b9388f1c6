import { costOf, estimateInputTokens, type ChatModel, type Json, type TurnContext, type Usage } from '@parley/spec'
import type { Gate } from './speculation-gate.ts'

/** What became of a speculation. */
export interface SpeculationOutcome {
  isAdopted: boolean
  /** Why it was thrown away. */
  reason?: string
  usage: Usage
  /** Counted here, as the model was stopped before it told. */
  isEstimated: boolean
  costNanoUsd: number | null
}

/** What was spent. A model that was stopped has told nothing: then it is estimated, and charged as that. */
export async function accountFor(
  { budget, turnId }: TurnContext,
  gate: Gate,
  {
    channel,
    text,
    reported = { usage: { inputTokens: 0, outputTokens: 0 }, costNanoUsd: 0 },
    reason,
  }: {
    channel: object
    text: string
    reported: { usage: Usage; costNanoUsd: number | null } | undefined
    reason: string | undefined
  },
): Promise<SpeculationOutcome> {
  const { isAdopted, unanswered } = gate
  const base = { isAdopted, ...(isAdopted && reason === undefined ? {} : { reason: reason ?? 'unused' }) }
  // What the budget did not allow was never sent.
  if (isAdopted || unanswered === undefined || reason === 'budgetExceeded')
    return { ...base, ...reported, isEstimated: false }
  const { usage: told } = reported
  const used: Usage = {
    inputTokens: estimateInputTokens(unanswered),
    outputTokens: Math.max(0, Math.ceil(text.length / 4) - told.outputTokens),
  }
  const model = 'model' in channel ? (channel.model as ChatModel | undefined) : undefined // agents of this package say theirs
  const costNanoUsd = costOf(model?.card.price, used)
  const spend = { costNanoUsd, tokens: used.inputTokens + used.outputTokens, calls: 1 }
  const key = `${turnId}:speculation`
  const reserved = await budget.reserve(key, spend)
  if (reserved.ok) await budget.settle(key, spend, 'estimate')
  return {
    ...base,
    usage: { inputTokens: told.inputTokens + used.inputTokens, outputTokens: told.outputTokens + used.outputTokens },
    isEstimated: true,
    costNanoUsd: costNanoUsd === null || reported.costNanoUsd === null ? null : costNanoUsd + reported.costNanoUsd,
  }
}

/** What a turn says of its use of the model when it ends. */
export function usageOf(
  data: { [key: string]: Json } | undefined,
): { usage: Usage; costNanoUsd: number | null } | undefined {
  const usage = data?.['usage']
  if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return undefined
  const { inputTokens, outputTokens } = usage
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return undefined
  const cost = data?.['costNanoUsd']
  return { usage: { inputTokens, outputTokens }, costNanoUsd: typeof cost === 'number' ? cost : null }
}
