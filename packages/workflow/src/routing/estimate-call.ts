import type { ModelCard, Price } from '@parley/spec'

/** Tokens that an answer is given where neither the step nor the model says how many. */
export const defaultOutputCapTokens = 4_096

/** How many tokens an answer may take: what was asked for, else what the model can write and has room for, else 4,096. */
export function outputCapOf(card: ModelCard, inputTokens: number, asked?: number): number {
  const most = card.maxOutputTokens > 0 ? card.maxOutputTokens : undefined
  if (asked !== undefined) return Math.min(asked, most ?? asked)
  return Math.min(most ?? defaultOutputCapTokens, Math.max(1, card.contextTokens - inputTokens))
}

/** Tokens that an answer must have room for besides the input: what was asked for, else up to 4,096. */
export function neededOutputTokens(card: ModelCard, asked?: number): number {
  if (asked !== undefined) return outputCapOf(card, 0, asked)
  return card.maxOutputTokens > 0 ? Math.min(card.maxOutputTokens, defaultOutputCapTokens) : defaultOutputCapTokens
}

/** What a call costs at most, in nano-USD; `null` when the price is unknown or the sum cannot be counted. */
export function estimateCost(price: Price | undefined, inputTokens: number, outputTokens: number): number | null {
  if (price === undefined) return null
  const dearestOutput = Math.max(price.output, price.reasoning ?? 0)
  const cost = inputTokens * price.input + outputTokens * dearestOutput + (price.perRequest ?? 0)
  return Number.isSafeInteger(cost) ? cost : null
}
