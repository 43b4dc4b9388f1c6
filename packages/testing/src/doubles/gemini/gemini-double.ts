import type { ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { createSystemClock, ParleyError } from '@parley/spec'
import { createSeededIds } from '../../seeded-ids.ts'
import { openHttpDouble, type ExchangeEnd, type HttpDouble, type HttpExchange } from '../http/http-double.ts'
import { scriptAnswers } from '../http/script-answers.ts'
import { omits, parseBody, shownCallId, writeAnswer, type DoubleAnswer } from '../http/write-answer.ts'
import type { GeminiFault } from './faults.ts'
import { fromGeminiBody } from './from-gemini-body.ts'
import { createGeminiEncoder } from './gemini-encoder.ts'
import { checkGeminiBody } from './generate-body.ts'
import { geminiRefusal, refusalByCode, type GeminiRefusal } from './refusal.ts'

/** A request to the double, accepted. */
export interface GeminiRequest {
  model: string
  /** As it came over the wire. */
  body: { [key: string]: Json }
  /** Read back as a request of the port. */
  chat: ChatRequest
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** Which accepted request of this double it is, from 0. */
  call: number
}

/** Decides what the double answers. */
export type GeminiRespond = (request: GeminiRequest) => DoubleAnswer | Promise<DoubleAnswer>

/** What a double of Gemini's HTTP interface may be given. */
export interface GeminiDoubleOptions {
  /** Answers in order; the last one repeats. */
  script?: readonly DoubleAnswer[]
  /** Decides each answer; wins over `script`. */
  respond?: GeminiRespond
  /** The key that is accepted. @default 'test-key' */
  apiKey?: string
  /** Models that exist; others are 404. @default any */
  models?: readonly string[]
  /** Characters per piece of text. @default words */
  chunk?: number
  faults?: readonly GeminiFault[]
  clock?: Clock
  ids?: IdSource
}

/** A running double. */
export interface GeminiDouble extends HttpDouble {
  /** What goes into a client's `httpOptions.baseUrl`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Version of the interface that is followed. */
  readonly info: { vendor: 'google'; interface: string }
  /** Environment variables for a child process. */
  env(): Record<string, string>
  setRespond(respond: GeminiRespond): void
}

const routePattern = /^\/v1(?:beta|alpha)?\/models\/([\w.-]+):(generateContent|streamGenerateContent)$/

/**
 * Starts a server on 127.0.0.1 that speaks Gemini's `generateContent` and `streamGenerateContent` as the vendor does: it
 * checks key, body, turns and signatures, streams the vendor's chunks, and misbehaves when told to.
 */
export async function createGeminiDouble(options: GeminiDoubleOptions = {}): Promise<GeminiDouble> {
  const { apiKey = 'test-key', models, chunk, clock = createSystemClock(), ids = createSeededIds(1) } = options
  let respond = options.respond ?? scriptAnswers('Gemini', options.script ?? [])
  const signatures = new Set<string>()
  let accepted = 0

  const answer = async (exchange: HttpExchange): Promise<ExchangeEnd> => {
    const { request, response, path, query, text, fault, signal, note } = exchange
    const refuse = (error: GeminiRefusal): 'refused' => {
      response.writeHead(error.code, { 'content-type': 'application/json; charset=UTF-8' })
      response.end(JSON.stringify({ error }))
      return 'refused'
    }
    const key = request.headers['x-goog-api-key'] ?? query.get('key')
    if (key === null) return refuse(geminiRefusal('PERMISSION_DENIED'))
    if (key !== apiKey) return refuse(geminiRefusal('INVALID_ARGUMENT', invalidKey))
    if (request.method === 'GET' && path === '/v1beta/models') {
      const list = (models ?? []).map((name) => ({ name: `models/${name}` }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ models: list }))
      return 'answered'
    }
    const [, model = '', method] = routePattern.exec(path) ?? []
    const isStream = method === 'streamGenerateContent'
    // Without it the vendor answers with one JSON array, which nobody here reads.
    if (request.method !== 'POST' || method === undefined || (isStream && query.get('alt') !== 'sse'))
      return refuse(geminiRefusal('NOT_FOUND', { message: `The double has no ${request.method} ${path}.` }))
    if (fault?.kind === 'refuse') return refuse(refusalByCode(fault.status, fault.code, fault))
    const body = parseBody(text)
    note(body)
    const checked = checkGeminiBody(body, model, signatures)
    if (!checked.ok) {
      double.violations.push(checked.refusal.message)
      return refuse(checked.refusal)
    }
    if (models !== undefined && !models.includes(model)) {
      const message = `models/${model} is not found for API version v1beta, or is not supported for ${method}.`
      return refuse(geminiRefusal('NOT_FOUND', { message }))
    }
    const chat = fromGeminiBody(checked.body)
    return writeAnswer(
      {
        chat,
        isStream,
        unknownEvent: { data: JSON.stringify({ novelty: { text: 'x' } }) },
        makeEncoder: () =>
          createGeminiEncoder({
            model,
            body: checked.body,
            ids,
            omitsUsage: omits(fault, 'usage'),
            omitsFinish: omits(fault, 'finish'),
            callIdOf: shownCallId(fault),
            onSignature: (signature) => void signatures.add(signature),
          }),
      },
      {
        response,
        fault,
        chunk,
        clock,
        ids,
        signal,
        headers: () => ({}),
        // The check has shown that the body is an object.
        respond: () => respond({ model, body: body as { [key: string]: Json }, chat, signal, call: accepted++ }),
        toWireError: (error) => {
          const { status, message } = toRefusal(error)
          return { message, code: status }
        },
        refuse: (error) => void refuse(toRefusal(error)),
      },
    )
  }

  const double = await openHttpDouble({ clock, faults: options.faults, answer })
  return Object.assign(double, {
    baseUrl: double.url,
    apiKey,
    info: { vendor: 'google' as const, interface: 'Gemini API v1beta, client 3.x' },
    env: () => ({ GOOGLE_API_KEY: apiKey, GOOGLE_GEMINI_BASE_URL: double.url }),
    setRespond: (next: GeminiRespond) => void (respond = next),
  })
}

const invalidKey = { message: 'API key not valid. Please pass a valid API key.', reason: 'API_KEY_INVALID' }

/** What a failing model behind the double looks like on the wire. */
function toRefusal(error: unknown): GeminiRefusal {
  if (!ParleyError.isInstance(error)) return geminiRefusal('INTERNAL')
  const { retryAfterMs } = error.details
  switch (error.code) {
    case 'model_unauthorized':
      return geminiRefusal('INVALID_ARGUMENT', invalidKey)
    case 'model_quota':
      return geminiRefusal('RESOURCE_EXHAUSTED', { quotaId: 'GenerateRequestsPerDayPerProjectPerModel' })
    case 'model_rate_limited':
      return geminiRefusal('RESOURCE_EXHAUSTED', typeof retryAfterMs === 'number' ? { retryAfterMs } : {})
    case 'model_context_exceeded':
      return geminiRefusal('INVALID_ARGUMENT', {
        message: 'The input token count exceeds the maximum number of tokens allowed (1048576).',
      })
    case 'model_request_invalid':
      return geminiRefusal('INVALID_ARGUMENT')
    case 'model_timeout':
      return geminiRefusal('DEADLINE_EXCEEDED')
    case 'model_unavailable':
      return geminiRefusal('UNAVAILABLE')
    default:
      return geminiRefusal('INTERNAL')
  }
}
