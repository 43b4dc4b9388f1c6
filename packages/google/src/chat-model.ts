import { GoogleGenAI } from '@google/genai/web'
import type {
  CallOptions,
  ChatModel,
  ChatPart,
  ChatRequest,
  Clock,
  IdSource,
  ModelCard,
  WireRecord,
} from '@parley/spec'
import {
  checkOptions,
  createCallIds,
  createSystemClock,
  createSystemIds,
  foldOutputTool,
  ParleyError,
  planStructuredOutput,
  recordingFetch,
  streamModel,
} from '@parley/spec'
import { createGeminiCodec } from './from-chunks.ts'
import { geminiModelCard } from './model-card.ts'
import { modelFamily } from './model-family.ts'
import { toModelError } from './to-model-error.ts'
import { toGeminiRequest } from './to-request.ts'

/** What a Gemini chat model may be given. Nothing is read from the environment. */
export interface GeminiChatModelOptions {
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
  /** Longest wait for the vendor to accept a request, in ms. @default 60000 */
  openMs?: number
  /** Longest silence inside an answer, in ms. @default 120000 */
  idleMs?: number
  fetch?: typeof globalThis.fetch
  /** Told what crosses the wire, without credentials; a recording can be served again by the double of `@parley/testing`. */
  record?: (record: WireRecord) => void
  /** Leaves people's and models' words in the recording. @default false: as many `x` */
  recordText?: boolean
  /** @default the machine's clock */
  clock?: Clock
  /** Names tool calls that the vendor left unnamed. @default random */
  ids?: IdSource
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
  const { model, apiKey, clock = createSystemClock(), ids = createSystemIds(), openMs, idleMs } = options
  const nameless = typeof model !== 'string' || !/^[\w./-]+$/.test(model) || model.includes('..')
  if (nameless) throw invalid('model', 'needs the name of a model, such as "gemini-3.8-flash"')
  if (typeof apiKey !== 'function' && (typeof apiKey !== 'string' || apiKey === ''))
    throw invalid('apiKey', 'needs a key, or a function that gives one')
  const client = createClient(options)
  const card: ModelCard = { ...geminiModelCard(model), ...options.card }
  const family = modelFamily(model)

  /** One answer; mapping comes first, so that a request that cannot be sent fails before anything is. */
  async function* stream(request: ChatRequest, { signal }: CallOptions): AsyncGenerator<ChatPart, void, void> {
    const plan = planStructuredOutput(request, structuring(request))
    const { contents, config } = toGeminiRequest(plan.request, { card, family })
    const open = async (end: AbortSignal): ReturnType<typeof client.models.generateContentStream> => {
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
    }
    yield* streamModel({
      modelId: card.id,
      signal,
      clock,
      open,
      codec: foldOutputTool(
        createGeminiCodec({ modelId: card.id, callIds: createCallIds(request, ids) }),
        plan.outputTool,
      ),
      toError: (thrown, stage) => toModelError(thrown, stage, card.id),
      ...(openMs === undefined ? {} : { openMs }),
      ...(idleMs === undefined ? {} : { idleMs }),
    })
  }
  /** Earlier models take no schema beside tools: it is one more tool then. */
  const structuring = ({ tools = [] }: ChatRequest): ModelCard => {
    const isTool = card.structuredOutput === 'native' && tools.length > 0 && !family.isSigning
    return isTool ? { ...card, structuredOutput: 'tool' } : card
  }
  return { id: card.id, card, stream }
}

/** The vendor's client with everything given. Its form for browsers reads nothing from an environment. */
function createClient({
  baseURL = 'https://generativelanguage.googleapis.com',
  apiVersion = 'v1beta',
  headers,
  fetch: given,
  record,
  recordText: keepsText = false,
}: GeminiChatModelOptions): GoogleGenAI {
  if (!URL.canParse(baseURL)) throw invalid('baseURL', 'needs an http(s) address as baseURL')
  const fetch = record ? recordingFetch(given ?? globalThis.fetch, record, { keepsText }) : given
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
