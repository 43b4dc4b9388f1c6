import { GoogleGenAI } from '@google/genai/web'
import type { ChatModel, ChatRequest, ModelCard, VendorModelOptions, VendorWireOptions } from '@parley/spec'
import { checkOptions, createVendorModel, ParleyError, vendorFetch } from '@parley/spec'
import { createGeminiCodec } from './from-chunks.ts'
import { geminiModelCard } from './model-card.ts'
import { modelFamily } from './model-family.ts'
import { toModelError } from './to-model-error.ts'
import { toGeminiRequest } from './to-request.ts'

/** What a Gemini chat model may be given. Nothing is read from the environment. */
export interface GeminiChatModelOptions extends VendorModelOptions, VendorWireOptions {
  /** The vendor's name of the model, such as `gemini-3.8-flash`. */
  model: string
  /** The key, or a function that gives it before each request. */
  apiKey: string | (() => string | Promise<string>)
  /** Address of the API, without its version. @default 'https://generativelanguage.googleapis.com' */
  baseURL?: string
  /** @default 'v1beta' */
  apiVersion?: string
  /** Sent with every request. */
  headers?: Record<string, string>
  /** Overrides fields of the card that the adapter supplies. */
  card?: Partial<Omit<ModelCard, 'id' | 'provider'>>
}

const known: readonly (keyof GeminiChatModelOptions)[] = [
  'model',
  'apiKey',
  'baseURL',
  'apiVersion',
  'headers',
  'card',
  'openMs',
  'idleMs',
  'fetch',
  'record',
  'recordText',
  'clock',
  'ids',
]

/**
 * A Gemini model of Google over the official client. Retries are off: they are the caller's business.
 * @throws {ParleyError} `invalid_options`
 * @example createGeminiChatModel({ model: 'gemini-3.8-flash', apiKey })
 */
export function createGeminiChatModel(options: GeminiChatModelOptions): ChatModel {
  checkOptions('createGeminiChatModel', options, known)
  const { model, apiKey } = options
  const nameless = typeof model !== 'string' || !/^[\w./-]+$/.test(model) || model.includes('..')
  if (nameless) throw invalid('model', 'needs the name of a model, such as "gemini-3.8-flash"')
  if (typeof apiKey !== 'function' && (typeof apiKey !== 'string' || apiKey === ''))
    throw invalid('apiKey', 'needs a key, or a function that gives one')
  const client = createClient(options)
  const card: ModelCard = { ...geminiModelCard(model), ...options.card }
  const family = modelFamily(model)

  return createVendorModel({
    card,
    options,
    // Earlier models take no schema beside tools: it is one more tool then.
    structuring({ tools = [] }: ChatRequest) {
      const isTool = card.structuredOutput === 'native' && tools.length > 0 && !family.isSigning
      return isTool ? { ...card, structuredOutput: 'tool' } : card
    },
    prepare(request, _call, callIds) {
      const { contents, config } = toGeminiRequest(request, { card, family })
      return {
        async open(end) {
          const key = typeof apiKey === 'function' ? await apiKey() : apiKey
          return client.models.generateContentStream({
            model,
            contents,
            config: {
              ...config,
              abortSignal: end,
              httpOptions: { headers: { 'x-goog-api-key': key } },
              // The caller answers calls, and decides whether to ask again.
              automaticFunctionCalling: { disable: true },
              automaticContinuation: false,
            },
          })
        },
        codec: createGeminiCodec({ modelId: card.id, callIds }),
      }
    },
    toError: toModelError,
  })
}

/** The vendor's client with everything given. Its form for browsers reads nothing from an environment. */
function createClient({
  baseURL = 'https://generativelanguage.googleapis.com',
  apiVersion = 'v1beta',
  headers,
  ...wire
}: GeminiChatModelOptions): GoogleGenAI {
  if (!URL.canParse(baseURL)) throw invalid('baseURL', 'needs an http(s) address as baseURL')
  const fetch = vendorFetch(wire)
  return new GoogleGenAI({
    // The client insists on a key; the true one goes into the header of each request.
    apiKey: 'none',
    apiVersion,
    httpOptions: {
      baseUrl: baseURL,
      ...(headers === undefined ? {} : { headers: { ...headers } }),
      ...(fetch === undefined ? {} : { fetch }),
    },
  })
}

function invalid(path: string, needs: string): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `createGeminiChatModel ${needs}.`,
    details: { path },
  })
}
