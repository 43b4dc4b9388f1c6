/** Quality of a model, as a step asks for it. */
export type Tier = 'fast' | 'balanced' | 'high'

/** All tiers, cheapest first. */
export const tiers: readonly Tier[] = ['fast', 'balanced', 'high']

/** What a step may ask of a model. One's own kinds begin with `x_`. */
export const capabilityKinds = [
  'tool_use',
  'structured_output',
  'json_mode',
  'function_calling',
  'vision',
  'audio_in',
  'audio_out',
  'embeddings',
  'reasoning',
  'code_generation',
  'long_context',
  'fast_inference',
  'low_cost',
  'multilingual',
  'streaming',
] as const

export type CapabilityKind = (typeof capabilityKinds)[number] | `x_${string}`

/** A wish of a step. Required ones filter models, others raise their score. */
export interface CapabilityHint {
  kind: CapabilityKind
  required: boolean
}

/** What a model must have for a capability. All that is given must hold. */
export interface CapabilityRequirement {
  /** A flag that the model's card must have. */
  flag?: string
  /** The least quality, 0 to 1, in a category. */
  quality?: { category: string; min: number }
  minContextTokens?: number
  maxFirstTokenMs?: number
  /** Among the cheapest third of its tier. */
  cheapestThird?: boolean
}

/** A tenant's own meaning of a capability. */
export interface CapabilityOverride {
  tenantId: string
  kind: CapabilityKind
  requirement: CapabilityRequirement
  version: string
}
