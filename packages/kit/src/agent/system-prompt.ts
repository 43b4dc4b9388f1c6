import { estimateTokens } from './token-estimate.ts'

/** Parts of a system prompt, in their order. */
export const promptParts = ['base', 'skills', 'plan', 'tools', 'memory', 'instructions', 'identity'] as const

export type PromptPart = (typeof promptParts)[number]

/** The texts of the parts; absent and empty ones leave no trace. */
export type PromptTexts = { readonly [Part in PromptPart]?: string | null | undefined }

/**
 * Puts a system prompt together; undefined when nothing is to be said. The same texts give the same bytes, so vendor
 * caches hit over the steps of a turn.
 */
export function buildSystemPrompt(texts: PromptTexts): string | undefined {
  const present = promptParts.flatMap((part) => texts[part] || [])
  return present.length === 0 ? undefined : present.join('\n\n')
}

/** How many tokens each part takes, for the turn's receipt. */
export function promptTokens(texts: PromptTexts): { part: PromptPart; tokens: number }[] {
  return promptParts.flatMap((part) => {
    const text = texts[part]
    return text ? [{ part, tokens: estimateTokens(text) }] : []
  })
}
