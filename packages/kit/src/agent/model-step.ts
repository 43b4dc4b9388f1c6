import {
  costOf,
  defaultRetryPolicy,
  estimateInputTokens,
  isContent,
  ParleyError,
  retryDelayMs,
  toParleyError,
  type ChatRequest,
  type ChatResult,
  type Reservation,
  type TurnEnd,
  type Usage,
} from '@parley/spec'
import { checkPart } from './check-part.ts'
import type { LoopInput } from './loop-input.ts'
import { addUsage, type LoopState } from './loop-state.ts'
import { readUntilAborted } from './until-aborted.ts'

/** A piece of an answer while it is made. */
export type Delta = { type: 'textDelta' | 'thinkingDelta'; text: string }

/** A model's answer, or why there is none. */
export type ModelAnswer =
  | { ok: true; result: ChatResult; request: ChatRequest; costNanoUsd: number | null }
  | { ok: false; end: TurnEnd; error?: ParleyError; blocked?: { reason: string; by: string } }

/**
 * One model call of a turn: hook, budget, stream. Errors that may pass are tried again as long as nothing of the answer
 * was given out.
 * @param isSilent - the answer is not text for people: nothing is given out while it is made
 */
export async function* askModel(
  input: LoopInput,
  state: LoopState,
  drafted: ChatRequest,
  isSilent: boolean,
): AsyncGenerator<Delta, ModelAnswer, void> {
  const { services, context, model, limits } = input
  const hooked = await services.runHook('beforeModelCall', { request: drafted, context })
  if (hooked.blocked !== undefined) {
    return { ok: false, end: 'empty', blocked: { reason: hooked.blocked.reason, by: hooked.blocked.by } }
  }
  for (let attempt = 1; ; attempt++) {
    const key = `${context.turnId}:${state.step}:${attempt}`
    const reserved = await reserve(input, state, hooked.payload.request, key)
    if (!reserved.ok) return budgetRefused(input, reserved)
    const request = capOutput(hooked.payload.request, reserved.maxOutputTokens)
    const progress: { usage?: Usage; hasContent: boolean } = { hasContent: false }
    try {
      const result = yield* readAnswer(input, state, request, { progress, isSilent })
      const costNanoUsd = costOf(model.card.price, result.usage)
      await settle(input, key, result.usage, costNanoUsd)
      addUsage(state, result.usage, costNanoUsd)
      return { ok: true, result, request, costNanoUsd }
    } catch (thrown) {
      await closeReservation(input, state, key, progress.usage)
      state.signal.throwIfAborted()
      const error = toParleyError(thrown, {
        code: 'model_unavailable',
        message: `The model "${model.id}" failed. Try again, or use another model.`,
        retryable: false,
        details: { model: model.id },
      })
      const mayRetry = error.retryable && !progress.hasContent && attempt <= limits.modelRetries
      if (!mayRetry) return { ok: false, end: 'failed', error }
      const { retryAfterMs } = error.details
      const wanted = typeof retryAfterMs === 'number' ? retryAfterMs : undefined
      await context.clock.sleep(retryDelayMs(defaultRetryPolicy, attempt, services.random(), wanted), {
        signal: state.signal,
      })
    }
  }
}

async function* readAnswer(
  { model, purpose, services, context, limits }: LoopInput,
  { signal, step }: LoopState,
  request: ChatRequest,
  { progress, isSilent }: { progress: { usage?: Usage; hasContent: boolean }; isSilent: boolean },
): AsyncGenerator<Delta, ChatResult, void> {
  const result: ChatResult = { text: '', toolCalls: [], reason: 'other', usage: { inputTokens: 0, outputTokens: 0 } }
  let thinking = ''
  const place = { step: String(step), maxSteps: String(limits.maxSteps) }
  const metadata = { roomId: context.room.id, turnId: context.turnId, phase: context.state.phase, ...place }
  const stream = model.stream(request, { signal, purpose, metadata })
  for await (const part of readUntilAborted(stream, signal)) {
    checkPart(part, model.id)
    progress.hasContent ||= isContent(part)
    if (part.type === 'usage') progress.usage = part.usage
    if (part.type === 'textDelta') {
      result.text += part.text
      if (!isSilent) yield { type: 'textDelta', text: part.text }
    } else if (part.type === 'thinkingDelta') {
      thinking += part.text
      yield { type: 'thinkingDelta', text: part.text }
    } else if (part.type === 'toolCall') {
      result.toolCalls.push(part.call)
    } else if (part.type === 'end') {
      if (thinking !== '') services.fire('onThinking', { context, text: thinking })
      return {
        ...result,
        reason: part.reason,
        usage: part.usage,
        ...(part.reasoning === undefined ? {} : { reasoning: part.reasoning }),
      }
    }
  }
  throw new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of the model "${model.id}" stopped before its end. Ask again.`,
    details: { model: model.id },
  })
}

async function reserve(
  { model, limits, context }: LoopInput,
  state: LoopState,
  request: ChatRequest,
  key: string,
): Promise<Reservation> {
  const inputTokens = estimateInputTokens(request)
  const outputTokens = request.maxOutputTokens ?? Math.min(limits.maxOutputTokens, model.card.maxOutputTokens)
  const costNanoUsd = costOf(model.card.price, { inputTokens, outputTokens })
  return await context.budget.reserve(
    key,
    { costNanoUsd, tokens: inputTokens + outputTokens, calls: 1 },
    { signal: state.signal },
  )
}

async function settle({ context }: LoopInput, key: string, usage: Usage, costNanoUsd: number | null): Promise<void> {
  await context.budget.settle(key, { costNanoUsd, tokens: usage.inputTokens + usage.outputTokens, calls: 1 }, 'usage')
}

async function closeReservation(
  input: LoopInput,
  state: LoopState,
  key: string,
  usage: Usage | undefined,
): Promise<void> {
  if (usage === undefined) {
    await input.context.budget.release(key)
    return
  }
  const costNanoUsd = costOf(input.model.card.price, usage)
  await settle(input, key, usage, costNanoUsd)
  addUsage(state, usage, costNanoUsd)
}

async function budgetRefused(input: LoopInput, refused: Extract<Reservation, { ok: false }>): Promise<ModelAnswer> {
  const { envelope, exceeded } = refused
  await input.services.receipt('budget', { code: refused.code, envelope, exceeded, model: input.model.id })
  const error = new ParleyError({
    code: 'budget_exceeded',
    message: `The budget of the ${envelope.kind} does not allow another call of "${input.model.id}". Raise it, or use a cheaper model.`,
    details: { envelope, exceeded },
  })
  return { ok: false, end: 'budgetExceeded', error }
}

function capOutput(request: ChatRequest, cap: number | undefined): ChatRequest {
  if (cap === undefined) return request
  return { ...request, maxOutputTokens: Math.min(cap, request.maxOutputTokens ?? cap) }
}
