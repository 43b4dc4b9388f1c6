import type { CallOptions, ChatModel, ModelCard, VendorModelOptions, VendorWireOptions } from '@parley/spec'
import { checkOptions, createVendorModel, ParleyError, vendorFetch } from '@parley/spec'
import OpenAI from 'openai'
import { createChatCodec } from './from-chat-chunks.ts'
import { createResponsesCodec } from './from-responses-events.ts'
import { openAiModelCard } from './model-card.ts'
import { toChatCompletionsRequest } from './to-chat-request.ts'
import { toModelError } from './to-model-error.ts'
import { toResponsesRequest } from './to-responses-request.ts'
import { toVendorMetadata } from './vendor-metadata.ts'

const officialBaseUrl = 'https://api.openai.com/v1'

/** What an OpenAI chat model may be given. Nothing is read from the environment. */
export interface OpenAiChatModelOptions extends VendorModelOptions, VendorWireOptions {
  /** The vendor's name of the model, such as `gpt-5-mini`. */
  model: string
  /** The key, or a function that gives it before each request. Absent: no key is sent, for servers that want none. */
  apiKey?: string | (() => string | Promise<string>)
  /** Address of the API. @default 'https://api.openai.com/v1' */
  baseURL?: string
  /** Which API is spoken. @default 'responses' at the vendor, 'chat' at any other `baseURL` */
  api?: 'responses' | 'chat'
  /** First half of the model's id. @default 'openai' at the vendor, 'compatible' at any other `baseURL` */
  provider?: string
  organization?: string
  project?: string
  /** Sent with every request. */
  headers?: Record<string, string>
  /** Overrides fields of the card that the adapter supplies. */
  card?: Partial<Omit<ModelCard, 'id' | 'provider'>>
  /** Keeps answers at the vendor (Responses only). @default false */
  store?: boolean
  /** Sends `CallOptions.metadata` and the purpose as the request's metadata. @default true over Responses, false over chat */
  sendMetadata?: boolean
  /** How the output limit is named (Chat Completions only). @default 'max_completion_tokens' at the vendor, else 'max_tokens' */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens'
}

const known: readonly (keyof OpenAiChatModelOptions)[] = [
  'model',
  'apiKey',
  'baseURL',
  'api',
  'provider',
  'organization',
  'project',
  'headers',
  'card',
  'store',
  'sendMetadata',
  'maxTokensField',
  'openMs',
  'idleMs',
  'fetch',
  'record',
  'recordText',
  'clock',
  'ids',
]

/**
 * A model of OpenAI, or of any server that speaks its API, over the official client. Retries are off: they are the
 * caller's business.
 * @throws {ParleyError} `invalid_options`
 * @example createOpenAiChatModel({ model: 'gpt-5-mini', apiKey })
 */
export function createOpenAiChatModel(options: OpenAiChatModelOptions): ChatModel {
  checkOptions('createOpenAiChatModel', options, known)
  const { model, baseURL = officialBaseUrl, store = false } = options
  if (typeof model !== 'string' || model === '') {
    throw new ParleyError({
      code: 'invalid_options',
      message: 'createOpenAiChatModel needs the name of a model, such as "gpt-5-mini".',
      details: { path: 'model', expected: 'a name' },
    })
  }
  const isOfficial = hostOf(baseURL).endsWith('openai.com')
  const { api = isOfficial ? 'responses' : 'chat', provider = isOfficial ? 'openai' : 'compatible' } = options
  const card: ModelCard = { ...openAiModelCard(model, provider), ...options.card }
  const maxTokensField = options.maxTokensField ?? (isOfficial ? 'max_completion_tokens' : 'max_tokens')
  const { sendMetadata = api === 'responses' } = options
  const client = createClient({ ...options, baseURL })

  const metadataOf = (call: CallOptions): ReturnType<typeof toVendorMetadata> =>
    sendMetadata ? toVendorMetadata(call) : {}
  const common = { card, options, toError: toModelError }
  if (api === 'chat') {
    return createVendorModel({
      ...common,
      prepare(request, call, callIds) {
        const body = { ...metadataOf(call), ...toChatCompletionsRequest(request, { model, card, maxTokensField }) }
        return {
          open: (end) => client.chat.completions.create(body, { signal: end }),
          codec: createChatCodec({ modelId: card.id, callIds, warnings: [] }),
        }
      },
    })
  }
  return createVendorModel({
    ...common,
    prepare(request, call, callIds) {
      const { body, warnings } = toResponsesRequest(request, { model, card, store })
      const sent = { ...metadataOf(call), ...body }
      return {
        open: (end) => client.responses.create(sent, { signal: end }),
        codec: createResponsesCodec({ modelId: card.id, callIds, warnings }),
      }
    },
  })
}

function hostOf(baseURL: string): string {
  if (URL.canParse(baseURL)) return new URL(baseURL).hostname
  throw new ParleyError({
    code: 'invalid_options',
    message: 'createOpenAiChatModel: baseURL is not an address. Give one such as "https://api.openai.com/v1".',
    details: { path: 'baseURL', expected: 'an http(s) address' },
  })
}

/** The vendor's client with everything given, so that it takes nothing from the environment. */
function createClient(options: OpenAiChatModelOptions & { baseURL: string }): OpenAI {
  const { apiKey, baseURL, organization, project, headers } = options
  const fetch = vendorFetch(options)
  const key = typeof apiKey === 'function' ? async (): Promise<string> => apiKey() : apiKey
  return new OpenAI({
    // The client insists on a key; without one, the header that would carry it is left out.
    apiKey: key ?? 'none',
    adminAPIKey: null,
    baseURL,
    organization: organization ?? null,
    project: project ?? null,
    webhookSecret: null,
    defaultHeaders: { ...(key === undefined ? { authorization: null } : {}), ...headers },
    maxRetries: 0,
    logLevel: 'off',
    ...(fetch === undefined ? {} : { fetch }),
    // The key is wherever the application put it; keys in pages are the application's decision.
    dangerouslyAllowBrowser: true,
  })
}
