import type { EnvelopeKind } from '../budget-port.ts'
import type { Instant } from '../json.ts'

/** Why a model was not taken: the first filter that removed it. */
export type FilterName =
  | 'health'
  | 'provider_allow'
  | 'provider_deny'
  | 'privacy'
  | `capability:${string}`
  | 'context_length'
  | 'tier'
  | 'quality_floor'
  | 'price_unknown'
  | 'budget'

/** One model that was looked at. */
export type ReceiptCandidate =
  | { modelId: string; score: number; estCostNanoUsd: number | null; reasons: string[] }
  | { modelId: string; filteredOutBy: FilterName; detail?: string }

/** One request to a model that was made for a decision. */
export interface ReceiptHop {
  modelId: string
  status: 'success' | 'failed' | 'cancelled'
  errorCode?: string
  latencyMs: number
}

/** A model that ran beside the winner and was not taken. */
export interface LostCandidate {
  modelId: string
  reason: 'slower' | 'failed' | 'invalid' | 'disagreed' | 'cancelled'
  costNanoUsd: number | null
  basis: 'usage' | 'estimate'
}

/** Why a model was asked, and what came of it. Written before dispatch, completed after it; holds no prompt and no output. */
export interface ModelReceipt {
  receiptId: string
  kind: 'model_routing'
  tenantId: string
  taskId: string
  runId?: string
  stepKey?: string
  attempt?: number
  roomId?: string
  createdAt: Instant
  routerVersion: string
  priceVersion: string
  capabilityVersion: string
  /** SHA-256 of the rendered prompt, hex. */
  promptHash: string
  classification: { category: string; confidence: number; signals: string[] }
  /** Every model that is registered, once. */
  candidates: ReceiptCandidate[]
  decision: {
    modelId: string | null
    strategy: 'single' | 'race' | 'speculative'
    fallbackChain: string[]
    promptRewritten: boolean
    downgradedFrom?: string
    tierRaised?: string
    pinned?: boolean
    note?: string
  }
  execution: {
    status: 'dispatched' | 'success' | 'failed' | 'cancelled' | 'unknown'
    actualCostNanoUsd: number | null
    actualLatencyMs: number | null
    firstTokenMs?: number
    finishReason?: string
    tokens: { input: number; output: number; cached: number; reasoning: number }
    hops: ReceiptHop[]
    lost?: LostCandidate[]
    verified?: boolean
    replayed?: boolean
    cached?: boolean
    errorCode?: string
  }
  budget: {
    estimateNanoUsd: number | null
    settledNanoUsd: number | null
    envelopes: { kind: EnvelopeKind; id: string }[]
  }
}
