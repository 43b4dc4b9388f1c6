import type { ServerResponse } from 'node:http'
import type { ChatPart, ChatRequest, Clock, IdSource, Json } from '@parley/spec'
import { toAnswerParts, type Answer } from '../../answer-parts.ts'
import type { ExchangeEnd } from './http-double.ts'
import type { HttpFault } from './http-fault.ts'
import { createSseWriter, WireCut } from './sse-writer.ts'
import type { AnswerPart, Frame, WireEncoder } from './wire-encoder.ts'

/** What a double says: a text, an answer, a refusal in the model's words, the stream of a model, or recorded events. */
export type DoubleAnswer =
  | string
  | (Answer & { refusal?: string })
  | AsyncIterable<ChatPart>
  | { recorded: readonly Frame[] }

/** A request that the vendor would take. */
export interface AcceptedRequest {
  chat: ChatRequest
  isStream: boolean
  makeEncoder: () => WireEncoder
  /** An event of a kind that clients do not know. */
  unknownEvent: Frame
}

/** What writing an answer needs. */
export interface WriteAnswerOptions {
  response: ServerResponse
  fault: HttpFault | undefined
  /** Characters per delta. @default words */
  chunk: number | undefined
  clock: Clock
  ids: IdSource
  signal: AbortSignal
  /** Headers of the vendor's own for an answer. */
  headers: () => Record<string, string>
  respond: () => DoubleAnswer | Promise<DoubleAnswer>
  /** What a failing model behind the double is on the wire. */
  toWireError: (error: unknown) => { message: string; code: string | null }
  /** Writes a failure before the first part as an HTTP status, as the vendor does. */
  refuse: (error: unknown) => void
}

/** Asks for the answer to an accepted request and writes it, with the fault that the request meets. */
export async function writeAnswer(
  { chat, isStream, makeEncoder, unknownEvent }: AcceptedRequest,
  options: WriteAnswerOptions,
): Promise<ExchangeEnd> {
  const { response, fault, clock, signal, headers, refuse } = options
  if (fault?.kind === 'stall' && fault.afterEvents === undefined) {
    const isOver = await stall(fault.ms, options)
    if (isOver) return 'left'
  }
  const stream = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
  try {
    const answer = await orLeft(options.respond(), signal)
    if (typeof answer === 'object' && 'recorded' in answer) {
      response.writeHead(200, { ...stream, ...headers() })
      const writer = createSseWriter({ response, fault, clock, signal, toError: () => [] })
      await writer.write(answer.recorded)
      await writer.end()
      return 'answered'
    }
    const parts = toParts(answer, chat, options)[Symbol.asyncIterator]()
    const next = (): Promise<IteratorResult<AnswerPart>> => orLeft(parts.next(), signal)
    let step = await next()
    const encoder = makeEncoder()
    if (!isStream) {
      for (; !step.done; step = await next()) encoder.push(step.value)
      response.writeHead(200, { 'content-type': 'application/json', ...headers() })
      response.end(JSON.stringify(encoder.result))
      return 'answered'
    }
    response.writeHead(200, { ...stream, ...headers() })
    const writer = createSseWriter({ response, fault, clock, signal, toError: (error) => encoder.fail(error) })
    if (fault?.kind === 'unknownEvent') await writer.write([unknownEvent])
    await writer.write(encoder.start())
    try {
      for (; !step.done && !signal.aborted; step = await next()) await writer.write(encoder.push(step.value))
    } catch (error) {
      if (error instanceof WireCut || signal.aborted) throw error
      await writer.write(encoder.fail(options.toWireError(error)))
    }
    await writer.end()
    return signal.aborted ? 'left' : 'answered'
  } catch (error) {
    if (error instanceof WireCut) return 'cut'
    if (signal.aborted) return 'left'
    refuse(error)
    return 'refused'
  }
}

/** Whether a fault leaves something out. */
export function omits(fault: HttpFault | undefined, what: 'usage' | 'ids' | 'finish'): boolean {
  return fault?.kind === 'omit' && fault.what === what
}

/** The call ids that are shown under a fault; nothing leaves one out. */
export function shownCallId(fault: HttpFault | undefined): (callId: string) => string | undefined {
  if (omits(fault, 'ids')) return () => undefined
  if (fault?.kind === 'repeatIds') return () => 'call_0'
  return (callId) => callId
}

/** A body as JSON; `null` for what is none, which the check of its shape refuses. */
export function parseBody(text: string): Json {
  try {
    // What a JSON parser gives is JSON.
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}

async function* toParts(
  answer: Exclude<DoubleAnswer, { recorded: unknown }>,
  chat: ChatRequest,
  { ids, chunk }: WriteAnswerOptions,
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

async function stall(ms: number | undefined, { clock, signal }: WriteAnswerOptions): Promise<boolean> {
  const wait = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (ms !== undefined) clock.setTimer(ms, resolve)
  })
  await wait
  return signal.aborted
}
