import type { ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { createSystemClock } from '@parley/spec'
import { createSeededIds } from '../../seeded-ids.ts'
import { openHttpDouble, type ExchangeEnd, type HttpDouble, type HttpExchange } from '../http/http-double.ts'
import { scriptAnswers } from '../http/script-answers.ts'
import type { DoubleAnswer } from '../http/write-answer.ts'
import { answerRequest } from './answer-request.ts'
import type { OpenAiFault } from './faults.ts'
import { refusalOf, type VendorRefusal } from './refusal.ts'

/** A request to the double, accepted. */
export interface OpenAiRequest {
  api: 'responses' | 'chat'
  /** As it came over the wire. */
  body: { [key: string]: Json }
  /** Read back as a request of the port. */
  chat: ChatRequest
  /** What came as metadata of the request. */
  metadata: Readonly<Record<string, string>>
  /** Aborts when the client leaves. */
  signal: AbortSignal
  /** Which accepted request of this double it is, from 0. */
  call: number
}

/** What the double says: a text, an answer, a refusal in the model's words, the stream of a model, or recorded events. */
export type OpenAiAnswer = DoubleAnswer

/** Decides what the double answers. */
export type OpenAiRespond = (request: OpenAiRequest) => OpenAiAnswer | Promise<OpenAiAnswer>

/** What a double of OpenAI's HTTP interface may be given. */
export interface OpenAiDoubleOptions {
  /** Answers in order; the last one repeats. */
  script?: readonly OpenAiAnswer[]
  /** Decides each answer; wins over `script`. */
  respond?: OpenAiRespond
  /** The key that is accepted. @default 'test-key' */
  apiKey?: string
  /** Models that exist; others are 404. @default any */
  models?: readonly string[]
  /** Characters per delta. @default words */
  chunk?: number
  faults?: readonly OpenAiFault[]
  clock?: Clock
  ids?: IdSource
}

/** A running double. */
export interface OpenAiDouble extends HttpDouble {
  /** What goes into a client's `baseURL`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Version of the interface that is followed. */
  readonly info: { vendor: 'openai'; interface: string }
  /** Environment variables for a child process. */
  env(): Record<string, string>
  setRespond(respond: OpenAiRespond): void
}

/**
 * Starts a server on 127.0.0.1 that speaks OpenAI's Responses and Chat Completions as the vendor does: it checks key
 * and body, streams the vendor's events, and misbehaves when told to.
 */
export async function createOpenAiDouble(options: OpenAiDoubleOptions = {}): Promise<OpenAiDouble> {
  const { apiKey = 'test-key', models, chunk, clock = createSystemClock(), ids = createSeededIds(1) } = options
  let respond = options.respond ?? scriptAnswers('OpenAI', options.script ?? [])
  const reasoningBefore = new Map<string, string>()
  const stored = new Map<string, Json[]>()
  let accepted = 0

  const answer = async (exchange: HttpExchange): Promise<ExchangeEnd> => {
    const { request, response, path, text, fault, signal, note } = exchange
    const refuse = (refusal: VendorRefusal): 'refused' => {
      const headers = { 'content-type': 'application/json', 'x-request-id': ids.next('req'), ...refusal.headers }
      response.writeHead(refusal.status, headers).end(JSON.stringify({ error: refusal.error }))
      return 'refused'
    }
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      const refusal = refusalOf(401)
      return refuse(
        request.headers.authorization
          ? refusal
          : { ...refusal, error: { ...refusal.error, message: "You didn't provide an API key.", code: null } },
      )
    }
    if (request.method === 'GET' && path === '/v1/models') {
      const data = (models ?? []).map((id) => ({ id, object: 'model', created: 0, owned_by: 'openai' }))
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }))
      return 'answered'
    }
    const api = path === '/v1/responses' ? 'responses' : path === '/v1/chat/completions' ? 'chat' : undefined
    if (request.method !== 'POST' || api === undefined) {
      const message = `Invalid URL (${request.method} ${path})`
      return refuse({ status: 404, error: { message, type: 'invalid_request_error', param: null, code: null } })
    }
    if (fault?.kind === 'refuse') return refuse(toRefusal(fault))
    return answerRequest({
      api,
      text,
      response,
      fault,
      chunk,
      clock,
      ids,
      models,
      signal,
      reasoningBefore,
      stored,
      note,
      violate: (message) => void double.violations.push(message),
      respond: (accept) => respond({ ...accept, call: accepted++ }),
      refuse,
    })
  }

  const double = await openHttpDouble({ clock, faults: options.faults, answer })
  const baseUrl = `${double.url}/v1`
  return Object.assign(double, {
    baseUrl,
    apiKey,
    info: { vendor: 'openai' as const, interface: 'Responses and Chat Completions, client 7.x' },
    env: () => ({ OPENAI_API_KEY: apiKey, OPENAI_BASE_URL: baseUrl }),
    setRespond: (next: OpenAiRespond) => void (respond = next),
  })
}

function toRefusal(fault: Extract<OpenAiFault, { kind: 'refuse' }>): VendorRefusal {
  const refusal = refusalOf(fault.status, fault.code)
  const message = fault.message ?? refusal.error.message
  const { retryAfterMs } = fault
  const wait: Record<string, string> =
    retryAfterMs === undefined
      ? {}
      : { 'retry-after-ms': String(retryAfterMs), 'retry-after': String(Math.ceil(retryAfterMs / 1000)) }
  return { ...refusal, error: { ...refusal.error, message }, headers: wait }
}
