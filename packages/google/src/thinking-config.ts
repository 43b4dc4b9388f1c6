import { ThinkingLevel, type ThinkingConfig } from '@google/genai/web'
import type { ChatRequest } from '@parley/spec'
import type { ModelFamily } from './model-family.ts'

type Level = NonNullable<ChatRequest['reasoning']>

const budgets: Readonly<Record<Level, number>> = { off: 0, low: 1_024, medium: 8_192, high: 24_576 }

/** How much a model is to think, in the vendor's terms; `off` is the least that its family accepts. */
export function toThinkingConfig(
  { thinking, leastThinking }: ModelFamily,
  level: Level | undefined,
): ThinkingConfig | undefined {
  if (level === undefined || thinking === 'none') return undefined
  // What a model thinks is shown where thinking was asked for.
  const includeThoughts = level !== 'off'
  if (thinking === 'budget') return { includeThoughts, thinkingBudget: Math.max(budgets[level], leastThinking) }
  const least = leastThinking > 0 ? ThinkingLevel.LOW : ThinkingLevel.MINIMAL
  const levels = { off: least, low: ThinkingLevel.LOW, medium: ThinkingLevel.MEDIUM, high: ThinkingLevel.HIGH }
  return { includeThoughts, thinkingLevel: levels[level] }
}
