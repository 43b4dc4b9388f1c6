import { createVendorAction, type CredentialSource, type TemplateAction, type VendorActionOptions } from '@parley/spec'
import { createGeminiChatModel } from './chat-model.ts'

/** What a `gemini` action may be given. There is no place for a key: see `credentials`. */
export interface GeminiActionOptions extends VendorActionOptions {
  /** The vendor's name of the model. @default 'gemini-3.8-flash' */
  model?: string
  /** Address of the API, https, without its version. @default 'https://generativelanguage.googleapis.com' */
  baseUrl?: string
  /** Asked for `GOOGLE_API_KEY` at each call. @default the environment */
  credentials?: CredentialSource
}

/**
 * A step's action that asks Gemini. `{name}` in the template is an input or a field of the item; names of steps become
 * dependencies.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`; at a call `model_unauthorized` without a key
 * @example new Step('facts', gemini('Facts about {topic}', { model: 'gemini-3.8-flash' }))
 */
export function gemini(template: string, options: GeminiActionOptions = {}): TemplateAction {
  return createVendorAction({
    what: 'gemini',
    template,
    options,
    keyVariable: 'GOOGLE_API_KEY',
    defaultModel: 'gemini-3.8-flash',
    open: ({ model, apiKey, baseUrl, fetch, limits }) =>
      createGeminiChatModel({
        model,
        apiKey,
        ...limits,
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
        ...(fetch === undefined ? {} : { fetch }),
      }),
  })
}
