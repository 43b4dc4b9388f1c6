import {
  checkBaseUrl,
  createTemplateAction,
  cutCauses,
  requireCredential,
  type CredentialSource,
  type TemplateAction,
  type TemplateActionOptions,
} from '@parley/spec'
import { createOpenAiChatModel } from './chat-model.ts'

/** What an `openai` action may be given. There is no place for a key: see `credentials`. */
export interface OpenAiActionOptions extends TemplateActionOptions {
  /** The vendor's name of the model. @default 'gpt-5-mini' */
  model?: string
  /** Address of the API, https. @default 'https://api.openai.com/v1' */
  baseUrl?: string
  /** Whether `baseUrl` may be http on this machine. @default false */
  allowLocalhost?: boolean
  fetch?: typeof globalThis.fetch
  /** Asked for `OPENAI_API_KEY` at each call. @default the environment */
  credentials?: CredentialSource
}

const defaultModel = 'gpt-5-mini'

/**
 * A step's action that asks OpenAI, or a server that speaks its API. `{name}` in the template is an input or a field of
 * the item; names of steps become dependencies.
 * @throws {ParleyError} `invalid_options`, `schema_unsupported`; at a call `model_unauthorized` without a key
 * @example new Step('facts', openai('Facts about {topic}', { model: 'gpt-5-mini' }))
 */
export function openai(template: string, options: OpenAiActionOptions = {}): TemplateAction {
  const action = createTemplateAction({
    what: 'openai',
    template,
    options,
    ownOptions: ['baseUrl', 'allowLocalhost', 'fetch', 'credentials'],
    isCounted: true,
    async open(_context, { model = defaultModel, timeoutMs, signal }) {
      const apiKey = await requireCredential('openai', 'OPENAI_API_KEY', { source: credentials, signal })
      return cutCauses(
        createOpenAiChatModel({
          model,
          apiKey,
          // The timeout of the action says how long it may take.
          openMs: timeoutMs,
          idleMs: timeoutMs,
          ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
          ...(fetch === undefined ? {} : { fetch }),
          ...(clock === undefined ? {} : { clock }),
        }),
      )
    },
  })
  const { baseUrl, allowLocalhost, fetch, credentials, clock } = options
  if (baseUrl !== undefined) checkBaseUrl('openai', baseUrl, { allowLocalhost })
  return action
}

/** Another name of `openai`. @alias */
export const openaiAdapter: typeof openai = openai
