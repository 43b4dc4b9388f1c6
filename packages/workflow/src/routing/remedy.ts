import { tiers, type FilterName } from '@parley/spec'
import type { RouteRequest } from './route-request.ts'
import { defaultRequirement } from './capability-requirements.ts'

/** What to do when a filter left no model: one sentence or two, with the capability and the keys that would help. */
export function remedyFor(filter: FilterName | undefined, request: RouteRequest, keyNames: readonly string[]): string {
  const more = keyNames.length === 0 ? '' : ` A key adds models: set ${keyNames.join(' or ')}.`
  if (filter === undefined) return `No model is registered. Register one.${more}`
  if (filter.startsWith('capability:')) return `${capabilityRemedy(filter.slice('capability:'.length))}${more}`
  switch (filter) {
    case 'health':
      return 'The models failed repeatedly and are given a rest. Try again in 15 s, or register another provider.'
    case 'provider_allow':
      return `Allow the provider of a registered model: now allowed are ${list(request.providers?.allow)}.${more}`
    case 'provider_deny':
      return `Take a provider off the denied ones (${list(request.providers?.deny)}), or register another.${more}`
    case 'privacy':
      return 'Register a model whose card states the region, retention and training that are asked for, or ask for less.'
    case 'context_length':
      return `Shorten the input (about ${request.inputTokens} tokens), lower the output cap, or register a model with a larger window.${more}`
    case 'tier':
      return `Register a model of the tier "${request.maxTier ?? request.tier}"${higherTiers(request)}, or lower the step's tier.${more}`
    case 'quality_floor':
      return `Lower minQualityThreshold, or register a model with a better quality in "${request.category}".${more}`
    case 'price_unknown':
      return 'Add the prices of the models to the price table, or remove the cost cap.'
    case 'budget':
      return 'Raise the budget, lower the output cap, or register a cheaper model.'
    default:
      return `Change what "${filter}" asks for, or register a model that has it.${more}`
  }
}

function capabilityRemedy(kind: string): string {
  if (kind === 'embeddings') return 'Embeddings come from an embedder, not from a chat model: remove the capability.'
  // What follows `capability:` in a filter is the kind it was made of.
  const { flag, quality, minContextTokens, maxFirstTokenMs } = defaultRequirement(kind as `x_${string}`)
  const wanted =
    flag !== undefined
      ? `the flag "${flag}"`
      : quality !== undefined
        ? `a quality of ${quality.min} in "${quality.category}"`
        : minContextTokens !== undefined
          ? `a window of ${minContextTokens} tokens`
          : maxFirstTokenMs !== undefined
            ? `a first token within ${maxFirstTokenMs} ms`
            : 'a price among the cheapest third of its tier'
  return `Register a model with ${wanted} for the capability "${kind}", or mark it as not required.`
}

function higherTiers({ tier, maxTier }: RouteRequest): string {
  return maxTier === undefined && tier !== tiers.at(-1) ? ' or a higher one' : ''
}

function list(names: readonly string[] | undefined): string {
  return names === undefined || names.length === 0 ? 'none' : names.join(', ')
}
