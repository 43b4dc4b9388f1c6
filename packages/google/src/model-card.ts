import type { ModelCard } from '@parley/spec'
import { modelFamily } from './model-family.ts'

/** The card of a model by its name: Gemini by its pages, any other as a plain text model with tools. */
export function geminiModelCard(model: string): ModelCard {
  const named = { id: `google/${model}`, provider: 'google' }
  if (!/^(models\/)?gemini-/.test(model)) {
    return {
      ...named,
      contextTokens: 8_192,
      maxOutputTokens: 4_096,
      input: ['text'],
      tools: true,
      structuredOutput: 'native',
      reasoning: false,
    }
  }
  const { thinking } = modelFamily(model)
  return {
    ...named,
    contextTokens: 1_048_576,
    maxOutputTokens: thinking === 'none' ? 8_192 : 65_536,
    input: ['text', 'image', 'audio', 'file'],
    tools: true,
    structuredOutput: 'native',
    reasoning: thinking !== 'none',
    tier: /flash-lite/.test(model) ? 'small' : /flash/.test(model) ? 'standard' : 'large',
  }
}
