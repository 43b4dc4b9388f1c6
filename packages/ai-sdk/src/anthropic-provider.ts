import { ParleyError } from '@parley/spec'
import type { AnyLanguageModel } from './from-language-model.ts'

// Not a literal: the package is loaded only by those who use it, and is none of our dependencies.
const packageName: string = '@ai-sdk/anthropic'

/** The provider's package, as far as it is installed. */
export function importAnthropic(): Promise<unknown> {
  return import(/* @vite-ignore */ packageName) as Promise<unknown>
}

/** What the provider is given, all of it, so that it takes nothing from the environment. */
export interface AnthropicSettings {
  apiKey: string
  baseURL: string
  fetch?: typeof globalThis.fetch | undefined
}

/**
 * A language model of the provider; what it is is checked by who takes it.
 * @throws {ParleyError} `invalid_options` when the package is missing or another one
 */
export async function openAnthropicModel(
  load: () => Promise<unknown>,
  model: string,
  { apiKey, baseURL, fetch }: AnthropicSettings,
): Promise<AnyLanguageModel> {
  let provider: unknown
  try {
    provider = await load()
  } catch {
    // What the loader says holds paths; that it could not load is all there is to know.
    throw unusable(`The package ${packageName} cannot be loaded. Install it: claude stands on it.`)
  }
  if (typeof provider !== 'object' || provider === null || !('createAnthropic' in provider)) {
    throw unusable(`The package ${packageName} has no createAnthropic. Install a version for specification "v4".`)
  }
  const create: unknown = provider.createAnthropic
  const open: unknown =
    typeof create === 'function' ? create({ apiKey, baseURL, ...(fetch === undefined ? {} : { fetch }) }) : undefined
  if (typeof open !== 'function') {
    throw unusable(`createAnthropic of ${packageName} gives no provider. Install a version for specification "v4".`)
  }
  return open(model) as AnyLanguageModel // fromLanguageModel checks the shape
}

function unusable(message: string): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { package: packageName } })
}
