import type { ServerResponse } from 'node:http'
import type { ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { ParleyError } from '@parley/spec'
import { toAnswerParts } from '../../answer-parts.ts'
import { checkChatBody } from './chat-body.ts'
import { createChatEncoder } from './chat-encoder.ts'
import type { OpenAiFault } from './faults.ts'
import { fromChatBody } from './from-chat-body.ts'
import { fromResponsesBody } from './from-responses-body.ts'
import type { OpenAiAnswer, OpenAiRequest } from './openai-double.ts'
import { badRequest, refusalOf, type VendorRefusal } from './refusal.ts'
import { checkResponsesBody, checkResponsesItems, type ResponsesItem } from './responses-body.ts'
import { createResponsesEncoder } from './responses-encoder.ts'
import { createSseWriter, WireCut } from './sse-writer.ts'
import type { AnswerPart, WireEncoder } from './wire-encoder.ts'

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

interface Accepted {
  chat: ChatRequest
  isStream: boolean
  model: string
  metadata: Record<string, string>
  makeEncoder: () => WireEncoder
}

/** Checks one request, asks for the answer, and writes it. */
export async function answerRequest(options: AnswerRequestOptions): Promise<'answered' | 'refused' | 'cut' | 'left'> {
  const { api, text, response, fault, clock, ids, models, signal, refuse } = options
  const body = parseJson(text)
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
  if (fault?.kind === 'stall' && fault.afterEvents === undefined) {
    const isOver = await stall(fault.ms, options)
    if (isOver) return 'left'
  }
  try {
    // The check above has shown that the body is an object.
    const request = {
      api,
      body: body as { [key: string]: Json },
      chat: accepted.chat,
      metadata: accepted.metadata,
      signal,
    }
    const answer = await orLeft(options.respond(request), signal)
    if (typeof answer === 'object' && 'recorded' in answer) {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-request-id': ids.next('req') })
      const writer = createSseWriter({ response, fault, clock, signal, toError: () => [] })
      await writer.write(answer.recorded)
      await writer.end()
      return 'answered'
    }
    const parts = toParts(answer, accepted.chat, options)[Symbol.asyncIterator]()
    // A failure before the first part is an HTTP status, as at the vendor.
    const next = (): Promise<IteratorResult<AnswerPart>> => orLeft(parts.next(), signal)
    let step = await next()
    const encoder = accepted.makeEncoder()
    if (!accepted.isStream) {
      for (; !step.done; step = await next()) encoder.push(step.value)
      response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': ids.next('req') })
      response.end(JSON.stringify(encoder.result))
      return 'answered'
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-request-id': ids.next('req'),
    })
    const writer = createSseWriter({ response, fault, clock, signal, toError: (error) => encoder.fail(error) })
    if (fault?.kind === 'unknownEvent') await writer.write([unknownEvent(api)])
    await writer.write(encoder.start())
    try {
      for (; !step.done && !signal.aborted; step = await next()) await writer.write(encoder.push(step.value))
    } catch (error) {
      if (error instanceof WireCut || signal.aborted) throw error
      await writer.write(encoder.fail(toWireError(error).error))
    }
    await writer.end()
    return signal.aborted ? 'left' : 'answered'
  } catch (error) {
    if (error instanceof WireCut) return 'cut'
    if (signal.aborted) return 'left'
    refuse(toWireError(error))
    return 'refused'
  }
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
    model: checked.body.model,
    metadata: checked.body.metadata ?? {},
    makeEncoder: () =>
      createResponsesEncoder({
        body: checked.body,
        clock: options.clock,
        ids: options.ids,
        omitsUsage: omits(options.fault, 'usage'),
        callIdOf: callIdOf(options.fault),
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
    model: checked.body.model,
    metadata: checked.body.metadata ?? {},
    makeEncoder: () =>
      createChatEncoder({
        body: checked.body,
        clock: options.clock,
        ids: options.ids,
        omitsUsage: omits(options.fault, 'usage'),
        omitsFinish: omits(options.fault, 'finish'),
        callIdOf: callIdOf(options.fault),
      }),
  }
}

async function* toParts(
  answer: Exclude<OpenAiAnswer, { recorded: unknown }>,
  chat: ChatRequest,
  { ids, chunk }: AnswerRequestOptions,
): AsyncGenerator<AnswerPart, void, void> {
  if (typeof answer === 'object' && Symbol.asyncIterator in answer) {
    yield* answer
    return
  }
  const whole = typeof answer === 'string' ? { text: answer } : answer
  if (whole.refusal !== undefined) yield { type: 'refusalDelta', text: whole.refusal }
  yield* toAnswerParts(whole, ids, `${chat.system ?? ''}${JSON.stringify(chat.messages)}`, { chunk })
}

/** Waits for an answer no longer than the client does. */
function orLeft<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onLeft = (): void => reject(signal.reason)
    if (signal.aborted) return onLeft()
    signal.addEventListener('abort', onLeft, { once: true })
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onLeft))
  })
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

function omits(fault: OpenAiFault | undefined, what: 'usage' | 'finish'): boolean {
  return fault?.kind === 'omit' && fault.what === what
}

function callIdOf(fault: OpenAiFault | undefined): (callId: string) => string | undefined {
  if (fault?.kind === 'omit' && fault.what === 'ids') return () => undefined
  if (fault?.kind === 'repeatIds') return () => 'call_0'
  return (callId) => callId
}

function unknownEvent(api: 'responses' | 'chat'): { event?: string; data: string } {
  if (api === 'chat') return { data: JSON.stringify({ id: 'x', object: 'chat.completion.notice', choices: [] }) }
  return { event: 'response.novelty', data: JSON.stringify({ type: 'response.novelty' }) }
}

async function stall(ms: number | undefined, { clock, signal }: AnswerRequestOptions): Promise<boolean> {
  const wait = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (ms !== undefined) clock.setTimer(ms, resolve)
  })
  await wait
  return signal.aborted
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    // The shape check says what is wrong.
    return null
  }
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
