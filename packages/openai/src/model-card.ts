import type { ModelCard } from '@parley/spec'

interface Family {
  pattern: RegExp
  card: Omit<ModelCard, 'id' | 'provider'>
}

const chat = { input: ['text', 'image', 'file'], tools: true, structuredOutput: 'native' } as const

// Windows and limits as on the vendor's model pages; the first pattern that fits counts. Prices come from price tables.
const families: readonly Family[] = [
  {
    pattern: /^gpt-5.*-(mini|nano)/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 400_000,
      maxOutputTokens: 128_000,
      reasoning: true,
      tier: 'small',
    },
  },
  {
    pattern: /^gpt-5/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 400_000,
      maxOutputTokens: 128_000,
      reasoning: true,
      tier: 'large',
    },
  },
  {
    pattern: /^gpt-4\.1-(mini|nano)/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 1_047_576,
      maxOutputTokens: 32_768,
      reasoning: false,
      tier: 'small',
    },
  },
  {
    pattern: /^gpt-4\.1/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 1_047_576,
      maxOutputTokens: 32_768,
      reasoning: false,
      tier: 'standard',
    },
  },
  {
    pattern: /^gpt-(4o|audio).*audio|^gpt-audio/,
    card: {
      input: ['text', 'audio'],
      tools: true,
      structuredOutput: 'tool',
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      reasoning: false,
      tier: 'standard',
    },
  },
  {
    pattern: /^gpt-4o-mini/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      reasoning: false,
      tier: 'small',
    },
  },
  {
    pattern: /^gpt-4o/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 128_000,
      maxOutputTokens: 16_384,
      reasoning: false,
      tier: 'standard',
    },
  },
  {
    pattern: /^o\d/,
    card: {
      ...chat,
      input: [...chat.input],
      contextTokens: 200_000,
      maxOutputTokens: 100_000,
      reasoning: true,
      tier: 'large',
    },
  },
]

/** The card of a model by its name: known families by their pages, any other as a plain text model with tools. */
export function openAiModelCard(model: string, provider: string): ModelCard {
  const family = families.find(({ pattern }) => pattern.test(model))
  const fallback: Family['card'] = {
    input: ['text'],
    tools: true,
    structuredOutput: 'native',
    contextTokens: 8_192,
    maxOutputTokens: 4_096,
    reasoning: false,
  }
  return { id: `${provider}/${model}`, provider, ...(family?.card ?? fallback) }
}
