import type { CapabilityOverride, ChatModel, Clock, IdSource, PriceTable } from '@parley/spec'
import type { CapabilityRegistry } from './capability-registry.ts'
import type { PromptClassifier } from './prompt-classifier.ts'
import type { RankingWeights, RoutingPolicy } from './rank-models.ts'
import type { PrivacyDemand } from './route-request.ts'

/** What `createRouter` takes. */
export interface RouterOptions {
  /** Ids once. A model's card says what it is good for. */
  models: readonly ChatModel[]
  /** Prices by model; a model that is not in it has the price of its card. */
  prices?: PriceTable
  /** Meanings of capabilities. @default the built-in ones with `overrides` */
  capabilities?: CapabilityRegistry
  overrides?: readonly CapabilityOverride[]
  /** @default 'cheapest' */
  policy?: RoutingPolicy
  /** Of the policy `weighted`. @default cost 0.6, latency 0.25, quality 0.15 */
  weights?: RankingWeights
  /** Least quality of a model, 0 to 1. `null`: by category. @default null */
  minQualityThreshold?: number | null
  /** Providers that may be asked. Absent: all. */
  providers?: { allow?: readonly string[]; deny?: readonly string[] }
  /** Holds for every request. */
  privacy?: PrivacyDemand
  /** @default by rules */
  classify?: PromptClassifier
  /** Names of keys that would make more models available; told when no model is left. */
  keyNames?: readonly string[]
  /** @default the machine's clock */
  clock?: Clock
  /** @default random */
  ids?: IdSource
}

/** Names of the options, to refuse others. */
export const routerOptionNames: readonly (keyof RouterOptions)[] = [
  'models',
  'prices',
  'capabilities',
  'overrides',
  'policy',
  'weights',
  'minQualityThreshold',
  'providers',
  'privacy',
  'classify',
  'keyNames',
  'clock',
  'ids',
]
