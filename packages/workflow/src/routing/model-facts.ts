import { tiers as allTiers, type ModelCard, type Tier } from '@parley/spec'

const tiersByClass: { readonly [tier in NonNullable<ModelCard['tier']>]: readonly Tier[] } = {
  local: ['fast'],
  small: ['fast'],
  standard: ['balanced'],
  large: ['high'],
}

/** What a card is taken for where it gives no quality; it meets the floor of most categories, and no more. */
const qualityByTier: { readonly [tier in Tier]: number } = { fast: 0.7, balanced: 0.8, high: 0.9 }
/** A model that reasons is taken for good enough at it. */
const reasoningQuality = 0.85

/** Tiers that a card serves: its own, else by its class; a card that says neither serves all. */
export function tiersOf(card: ModelCard): readonly Tier[] {
  return card.tiers ?? (card.tier === undefined ? allTiers : tiersByClass[card.tier])
}

/**
 * Flags that routing asks for: a card's own, else `tools`, `jsonSchema` and `jsonObject` (unless the schema is only told in
 * words), `stream`, `reasoning`, and `image`, `audioIn`, `file` by what it takes. What a model gives besides text
 * (`audioOut`, `embeddings`) only its own flags say.
 */
export function flagsOf(card: ModelCard): ReadonlySet<string> {
  if (card.flags !== undefined) return new Set(card.flags)
  const flags = new Set(['stream'])
  if (card.tools) flags.add('tools')
  if (card.structuredOutput !== 'instructions') flags.add('jsonSchema').add('jsonObject')
  if (card.reasoning) flags.add('reasoning')
  if (card.input.includes('image')) flags.add('image')
  if (card.input.includes('audio')) flags.add('audioIn')
  if (card.input.includes('file')) flags.add('file')
  return flags
}

/** Quality of a model in a category, 0 to 1: its card's figure, else by the lowest tier it serves (0.7, 0.8, 0.9). */
export function qualityOf(card: ModelCard, category: string): number {
  const own = card.quality !== undefined && Object.hasOwn(card.quality, category) ? card.quality[category] : undefined
  if (own !== undefined) return own
  const served = tiersOf(card)
  const lowest = allTiers.find((tier) => served.includes(tier)) ?? 'fast'
  const assumed = qualityByTier[lowest]
  return category === 'reasoning' && card.reasoning ? Math.max(assumed, reasoningQuality) : assumed
}
