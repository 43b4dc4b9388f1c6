/** What a prompt is about, and why it is thought so. `signals` are names of rules, never words of the prompt. */
export interface Classification {
  category: PromptCategory
  /** 0 to 1. */
  confidence: number
  signals: string[]
}

export const promptCategories = [
  'code',
  'reasoning',
  'analysis',
  'extraction',
  'summarization',
  'creative',
  'other',
] as const

export type PromptCategory = (typeof promptCategories)[number]

interface Signal {
  readonly name: string
  readonly category: PromptCategory
  readonly weight: number
  readonly pattern: RegExp
}

/** Only the beginning of a prompt is read: what is asked stands there or at the very end. */
const readCharacters = 2_000

// Patterns are plain alternatives without nesting, so they take linear time on any text.
const signals: readonly Signal[] = [
  { name: 'code_fence', category: 'code', weight: 3, pattern: /```/ },
  {
    name: 'code_words',
    category: 'code',
    weight: 2,
    pattern:
      /\b(?:implement|refactor|debug|unit tests?|source code|typescript|javascript|python|sql query|regex|stack trace|compile|unified diff)\b/i,
  },
  {
    name: 'code_syntax',
    category: 'code',
    weight: 2,
    pattern: /=>|\bconst |\bdef |\bfunction |\bclass |\breturn |;\n/,
  },
  {
    name: 'reasoning_words',
    category: 'reasoning',
    weight: 2,
    pattern:
      /\b(?:step by step|prove|proof|derive|deduce|logic puzzle|solve|reason about|think through|theorem|contradictions?)\b/i,
  },
  {
    name: 'analysis_words',
    category: 'analysis',
    weight: 2,
    pattern:
      /\b(?:analy[sz]e|analysis|compare|evaluate|assess|trade-?offs?|pros and cons|findings|root cause|score)\b/i,
  },
  {
    name: 'extraction_words',
    category: 'extraction',
    weight: 2,
    pattern: /\b(?:extract|list all|find all|parse|fill (?:in )?the fields|entities|classify|label|which fields)\b/i,
  },
  {
    name: 'summary_words',
    category: 'summarization',
    weight: 2,
    pattern: /\b(?:summari[sz]e|summary|tl;dr|condense|shorten|key points|in brief)\b/i,
  },
  {
    name: 'creative_words',
    category: 'creative',
    weight: 2,
    pattern:
      /\b(?:story|poem|slogan|lyrics|fiction|imagine|creative|blog post|write an? (?:short )?(?:article|essay|letter|scene))\b/i,
  },
]

/** Tells by rules what a prompt is about: the category with the most weight; on a tie the one named first, else `other`. */
export function classifyPrompt(text: string, hasSchema = false): Classification {
  const read = text.length <= 2 * readCharacters ? text : text.slice(0, readCharacters) + text.slice(-readCharacters)
  const weights = new Map<PromptCategory, number>()
  const found: string[] = []
  const count = (name: string, category: PromptCategory, weight: number): void => {
    found.push(name)
    weights.set(category, (weights.get(category) ?? 0) + weight)
  }
  for (const { name, category, weight, pattern } of signals) if (pattern.test(read)) count(name, category, weight)
  if (hasSchema) count('output_schema', 'extraction', 1)
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0)
  const best = promptCategories.reduce((one, other) =>
    (weights.get(other) ?? 0) > (weights.get(one) ?? 0) ? other : one,
  )
  const weight = weights.get(best) ?? 0
  if (weight === 0) return { category: 'other', confidence: 0.5, signals: found }
  return { category: best, confidence: Math.round((weight / (total + 1)) * 100) / 100, signals: found }
}
