import { createVendorAction, type CredentialSource, type TemplateAction, type VendorActionOptions } from '@parley/spec'
import { importAnthropic, openAnthropicModel } from './anthropic-provider.ts'
import { fromLanguageModel } from './from-language-model.ts'

/** What a `claude` action may be given. There is no place for a key: see `credentials`. */
export interface ClaudeActionOptions extends VendorActionOptions {
  /** The vendor's name of the model. @default 'claude-sonnet-4-5' */
  model?: string
  /** Address of the API, https, with its version. @default 'https://api.anthropic.com/v1' */
  baseUrl?: string
  /** Asked for `ANTHROPIC_API_KEY` at each call. @default the environment */
  credentials?: CredentialSource
}

const officialBaseUrl = 'https://api.anthropic.com/v1'

/** Makes `claude` over a way to load the provider. */
export function createClaude(
  load: () => Promise<unknown>,
): (template: string, options?: ClaudeActionOptions) => TemplateAction {
  return (template, options = {}) =>
    createVendorAction({
      what: 'claude',
      template,
      options,
      keyVariable: 'ANTHROPIC_API_KEY',
      defaultModel: 'claude-sonnet-4-5',
      // Said, so that the provider takes no address from the environment, which nobody has checked.
      async open({ model, apiKey, baseUrl: baseURL = officialBaseUrl, fetch, limits }) {
        const languageModel = await openAnthropicModel(load, model, { apiKey, baseURL, fetch })
        return fromLanguageModel(languageModel, {
          id: `anthropic/${model}`,
          card: { provider: 'anthropic' },
          ...limits,
        })
      },
    })
}

/**
 * A step's action that asks Anthropic, over the package `@ai-sdk/anthropic`, which has to be installed beside this one.
 * `{name}` in the template is an input or a field of the item; names of steps become dependencies.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`; at a call `model_unauthorized` without a key
 * @example new Step('review', claude('Review {draft.text}', { maxOutputTokens: 2000 }))
 */
export function claude(template: string, options: ClaudeActionOptions = {}): TemplateAction {
  return createClaude(importAnthropic)(template, options)
}
