import type { ChatRequest } from '@parley/spec'

/** The vendor's word for a reasoning level; `off` is the least effort that the model's family accepts. */
export function toReasoningEffort(
  model: string,
  level: NonNullable<ChatRequest['reasoning']>,
): 'none' | 'minimal' | 'low' | 'medium' | 'high' {
  if (level !== 'off') return level
  if (/^o\d/.test(model)) return 'low'
  if (/^gpt-5(-|$)/.test(model)) return 'minimal'
  return 'none'
}
