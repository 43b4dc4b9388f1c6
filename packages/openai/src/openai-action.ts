import { createVendorAction, type CredentialSource, type TemplateAction, type VendorActionOptions } from '@parley/spec'
import { createOpenAiChatModel } from './chat-model.ts'

/** What an `openai` action may be given. There is no place for a key: see `credentials`. */
export interface OpenAiActionOptions extends VendorActionOptions {
  /** The vendor's name of the model. @default 'gpt-5-mini' */
  model?: string
  /** Address of the API, https. @default 'https://api.openai.com/v1' */
  baseUrl?: string
  /** Asked for `OPENAI_API_KEY` at each call. @default the environment */
  credentials?: CredentialSource
}

/**
 * A step's action that asks OpenAI, or a server that speaks its API. `{name}` in the template is an input or a field of
 * the item; names of steps become dependencies.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`; at a call `model_unauthorized` without a key
 * @example new Step('facts', openai('Facts about {topic}', { model: 'gpt-5-mini' }))
 */
export function openai(template: string, options: OpenAiActionOptions = {}): TemplateAction {
  return createVendorAction({
    what: 'openai',
    template,
    options,
    keyVariable: 'OPENAI_API_KEY',
    defaultModel: 'gpt-5-mini',
    open: ({ model, apiKey, baseUrl, fetch, limits }) =>
      createOpenAiChatModel({
        model,
        apiKey,
        ...limits,
        ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
        ...(fetch === undefined ? {} : { fetch }),
      }),
  })
}

/** Another name of `openai`. @alias */
export const openaiAdapter: typeof openai = openai
