import type { ServerResponse } from 'node:http'
import type { ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { ParleyError } from '@parley/spec'
import type { ExchangeEnd } from '../http/http-double.ts'
import { omits, parseBody, shownCallId, writeAnswer, type AcceptedRequest } from '../http/write-answer.ts'
import { checkChatBody } from './chat-body.ts'
import { createChatEncoder } from './chat-encoder.ts'
import type { OpenAiFault } from './faults.ts'
import { fromChatBody } from './from-chat-body.ts'
import { fromResponsesBody } from './from-responses-body.ts'
import type { OpenAiAnswer, OpenAiRequest } from './openai-double.ts'
import { badRequest, refusalOf, type VendorRefusal } from './refusal.ts'
import { checkResponsesBody, checkResponsesItems, type ResponsesItem } from './responses-body.ts'
import { createResponsesEncoder } from './responses-encoder.ts'

/** What answering one request needs. */
export interface AnswerRequestOptions {
  api: 'responses' | 'chat'
  text: string
  response: ServerResponse
  fault: OpenAiFault | undefined
  chunk: number | undefined
  clock: Clock
  ids: IdSource
  models: readonly string[] | undefined
  signal: AbortSignal
  /** Which reasoning item must stand before a call, by call id. */
  reasoningBefore: Map<string, string>
  /** Items of stored responses, by response id. */
  stored: Map<string, Json[]>
  note: (body: Json) => void
  violate: (message: string) => void
  respond: (request: Omit<OpenAiRequest, 'call'>) => OpenAiAnswer | Promise<OpenAiAnswer>
  refuse: (refusal: VendorRefusal) => void
}

interface Accepted extends AcceptedRequest {
  chat: ChatRequest
  model: string
  metadata: Record<string, string>
}

/** Checks one request, asks for the answer, and writes it. */
export async function answerRequest(options: AnswerRequestOptions): Promise<ExchangeEnd> {
  const { api, text, ids, models, signal, refuse } = options
  const body = parseBody(text)
  options.note(body)
  const accepted = api === 'responses' ? acceptResponses(body, options) : acceptChat(body, options)
  if ('status' in accepted) {
    options.violate(accepted.error.message)
    refuse(accepted)
    return 'refused'
  }
  if (models !== undefined && !models.includes(accepted.model)) {
    refuse(refusalOf(404))
    return 'refused'
  }
  const { chat, metadata } = accepted
  return writeAnswer(accepted, {
    ...options,
    headers: () => ({ 'x-request-id': ids.next('req') }),
    // The check above has shown that the body is an object.
    respond: () => options.respond({ api, body: body as { [key: string]: Json }, chat, metadata, signal }),
    toWireError: (error) => toWireError(error).error,
    refuse: (error) => refuse(toWireError(error)),
  })
}

function acceptResponses(body: Json, options: AnswerRequestOptions): Accepted | VendorRefusal {
  const checked = checkResponsesBody(body)
  if (!checked.ok) return checked.refusal
  const { input, previous_response_id: previousId } = checked.body
  const former = previousId ? options.stored.get(previousId) : []
  if (!former) {
    const message = `Previous response with id '${previousId}' not found.`
    return badRequest(message, 'previous_response_id', 'previous_response_not_found')
  }
  const own: ResponsesItem[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  // What was stored is input that was accepted and output that was written here.
  const items = [...(former as unknown as ResponsesItem[]), ...own]
  const refusal = checkResponsesItems(items, options.reasoningBefore)
  if (refusal) return refusal
  return {
    chat: fromResponsesBody(checked.body, items),
    isStream: checked.body.stream === true,
    unknownEvent: unknownEvent(options.api),
    model: checked.body.model,
    metadata: checked.body.metadata ?? {},
    makeEncoder: () =>
      createResponsesEncoder({
        body: checked.body,
        clock: options.clock,
        ids: options.ids,
        omitsUsage: omits(options.fault, 'usage'),
        callIdOf: shownCallId(options.fault),
        onOutput: (responseId, output) => {
          if (checked.body.store !== false) options.stored.set(responseId, [...(items as unknown as Json[]), ...output])
          noteReasoning(output, options.reasoningBefore)
        },
      }),
  }
}

function acceptChat(body: Json, options: AnswerRequestOptions): Accepted | VendorRefusal {
  const checked = checkChatBody(body)
  if (!checked.ok) return checked.refusal
  return {
    chat: fromChatBody(checked.body),
    isStream: checked.body.stream === true,
    unknownEvent: unknownEvent(options.api),
    model: checked.body.model,
    metadata: checked.body.metadata ?? {},
    makeEncoder: () =>
      createChatEncoder({
        body: checked.body,
        clock: options.clock,
        ids: options.ids,
        omitsUsage: omits(options.fault, 'usage'),
        omitsFinish: omits(options.fault, 'finish'),
        callIdOf: shownCallId(options.fault),
      }),
  }
}

/** A call needs the reasoning that came right before it. */
function noteReasoning(output: readonly { [key: string]: Json }[], reasoningBefore: Map<string, string>): void {
  let reasoningId: string | undefined
  for (const item of output) {
    const { type, id, call_id: callId } = item
    if (type === 'reasoning' && typeof id === 'string') reasoningId = id
    if (type === 'function_call' && typeof callId === 'string' && reasoningId !== undefined)
      reasoningBefore.set(callId, reasoningId)
  }
}

function unknownEvent(api: 'responses' | 'chat'): { event?: string; data: string } {
  if (api === 'chat') return { data: JSON.stringify({ id: 'x', object: 'chat.completion.notice', choices: [] }) }
  return { event: 'response.novelty', data: JSON.stringify({ type: 'response.novelty' }) }
}

/** What a failing model behind the double looks like on the wire. */
function toWireError(error: unknown): VendorRefusal {
  if (!ParleyError.isInstance(error)) return refusalOf(500)
  const { retryAfterMs } = error.details
  const headers: Record<string, string> =
    typeof retryAfterMs === 'number' ? { 'retry-after-ms': String(retryAfterMs) } : {}
  switch (error.code) {
    case 'model_unauthorized':
      return refusalOf(401)
    case 'model_quota':
      return refusalOf(429, 'insufficient_quota')
    case 'model_rate_limited':
      return { ...refusalOf(429), headers }
    case 'model_context_exceeded':
      return refusalOf(400, 'context_length_exceeded')
    case 'model_refused':
      return refusalOf(400, 'content_policy_violation')
    case 'model_request_invalid':
      return refusalOf(400)
    case 'model_timeout':
      return refusalOf(408)
    case 'model_unavailable':
      return refusalOf(503)
    default:
      return refusalOf(500)
  }
}
