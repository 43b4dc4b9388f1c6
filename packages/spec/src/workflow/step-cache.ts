import type { Json } from '../json.ts'
import type { ModelReceipt } from './model-receipt.ts'

/** What a step gave once, for a later step that is given the same. Plain JSON. */
export interface StepCacheEntry {
  /** As the step gave it, before its contract was applied: the contract is applied again wherever it is used. */
  output: Json
  /** What the step wrote to the state, by key. */
  writes?: { [key: string]: Json }
  /** Milliseconds since 1970, of the engine's clock. */
  storedAtMs: number
  /** From then on it is not used any more. */
  expiresAtMs: number
  /** How the model was chosen that gave it. Absent: no model did. */
  origin?: Pick<ModelReceipt, 'routerVersion' | 'priceVersion' | 'capabilityVersion' | 'classification' | 'decision'>
}

/**
 * Where outputs of steps are kept for reuse. Keys are SHA-256 in hex and hold the tenant, so that nobody is given what
 * belongs to another tenant. It may forget anything at any time. A fault of it is reported and never fails a step.
 */
export interface StepCache {
  get(key: string): StepCacheEntry | undefined | Promise<StepCacheEntry | undefined>
  /** Keeps an entry in place of the one before. */
  set(key: string, entry: StepCacheEntry): void | Promise<void>
}
