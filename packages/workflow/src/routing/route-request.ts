import type { CapabilityHint, Tier } from '@parley/spec'

/** What must hold for the place where a request is worked on. A card that does not say is not taken. */
export interface PrivacyDemand {
  /** At least one of the model's regions must be among these. */
  readonly regions?: readonly string[]
  readonly maxRetentionDays?: number
  /** The provider must not train on requests. */
  readonly noTraining?: boolean
}

/** What a budget leaves for one call. */
export interface BudgetLimits {
  /** Whether any envelope caps cost: then a model of unknown price is not taken. */
  readonly isCostCapped: boolean
  /** The least that an envelope has left. Absent: no cap. */
  readonly costNanoUsd?: number
  readonly tokens?: number
}

/** What a decision is asked for. */
export interface RouteRequest {
  readonly tier: Tier
  /** The highest tier that may be taken; below `tier` it is where a downgrade begins. */
  readonly maxTier?: Tier
  /** A model by its id; `auto`, `kr-auto` or nothing: any. */
  readonly model?: string
  readonly capabilities: readonly CapabilityHint[]
  /** Of the prompt, as classified. */
  readonly category: string
  /** Estimated from above. */
  readonly inputTokens: number
  /** Absent: what the model can write, else 4,096. */
  readonly outputCapTokens?: number
  readonly providers?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] }
  readonly privacy?: PrivacyDemand
  /** 0 to 1. `null` or absent: by category (reasoning 0.85, summarization 0.6, others 0.7). */
  readonly minQuality?: number | null
  readonly budget?: BudgetLimits
}

/** The id of a model that is asked for by name; nothing where any will do. */
export function pinnedModel({ model }: Pick<RouteRequest, 'model'>): string | undefined {
  return model === undefined || model === '' || model === 'auto' || model === 'kr-auto' ? undefined : model
}
