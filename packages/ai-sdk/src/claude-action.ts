import {
  checkBaseUrl,
  createTemplateAction,
  cutCauses,
  requireCredential,
  type CredentialSource,
  type TemplateAction,
  type TemplateActionOptions,
} from '@parley/spec'
import { fromLanguageModel } from './from-language-model.ts'
import { importAnthropic, openAnthropicModel } from './anthropic-provider.ts'

/** What a `claude` action may be given. There is no place for a key: see `credentials`. */
export interface ClaudeActionOptions extends TemplateActionOptions {
  /** The vendor's name of the model. @default 'claude-sonnet-4-5' */
  model?: string
  /** Address of the API, https, with its version. @default 'https://api.anthropic.com/v1' */
  baseUrl?: string
  /** Whether `baseUrl` may be http on this machine. @default false */
  allowLocalhost?: boolean
  fetch?: typeof globalThis.fetch
  /** Asked for `ANTHROPIC_API_KEY` at each call. @default the environment */
  credentials?: CredentialSource
}

const defaultModel = 'claude-sonnet-4-5'
const officialBaseUrl = 'https://api.anthropic.com/v1'

/** Makes `claude` over a way to load the provider. */
export function createClaude(
  load: () => Promise<unknown>,
): (template: string, options?: ClaudeActionOptions) => TemplateAction {
  return (template, options = {}) => {
    const action = createTemplateAction({
      what: 'claude',
      template,
      options,
      ownOptions: ['baseUrl', 'allowLocalhost', 'fetch', 'credentials'],
      isCounted: true,
      async open(_context, { model = defaultModel, timeoutMs, signal }) {
        const apiKey = await requireCredential('claude', 'ANTHROPIC_API_KEY', { source: credentials, signal })
        const languageModel = await openAnthropicModel(load, model, { apiKey, baseURL: baseUrl, fetch })
        return cutCauses(
          fromLanguageModel(languageModel, {
            id: `anthropic/${model}`,
            card: { provider: 'anthropic' },
            // The timeout of the action says how long it may take.
            openMs: timeoutMs,
            idleMs: timeoutMs,
            ...(clock === undefined ? {} : { clock }),
          }),
        )
      },
    })
    // Said, so that the provider takes no address from the environment, which nobody has checked.
    const { baseUrl = officialBaseUrl, allowLocalhost, fetch, credentials, clock } = options
    checkBaseUrl('claude', baseUrl, { allowLocalhost })
    return action
  }
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
