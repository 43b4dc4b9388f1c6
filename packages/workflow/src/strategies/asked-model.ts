import { toParleyError, type CallOptions, type ChatRequest, type LostCandidate, type ReceiptHop } from '@parley/spec'
import type { RankedModel } from '../routing/route.ts'
import { createAnswerCollector } from './answer-collector.ts'
import { spendOf, type CallSpend } from './call-spend.ts'
import { judgeAnswer, type JudgedAnswer } from './judge-answer.ts'
import type { ModelCallPorts } from './model-call.ts'
import { openCall, orAborted, watchStream, type SeenCall } from './watch-stream.ts'

/** One model of several that are asked at once, and how its call ended. `unasked`: it never began. */
export interface AskedModel {
  readonly ranked: RankedModel
  seen?: SeenCall
  end: JudgedAnswer | { status: 'cancelled' } | { status: 'unasked' }
}

export type ValidAnswer = Extract<JudgedAnswer, { status: 'valid' }>

/** A model that is going to be asked. */
export function toAsked(ranked: RankedModel): AskedModel {
  return { ranked, end: { status: 'unasked' } }
}

/** Asks a model for a whole answer and judges it. What comes of it is kept on `asked`; nothing is thrown. */
export async function ask(
  asked: AskedModel,
  request: ChatRequest,
  { router, clock, validate, enter }: ModelCallPorts,
  options: CallOptions & {
    tenantId: string
    onText?: (text: string) => void
    onAnswer?: (answer: ValidAnswer) => void
  },
): Promise<void> {
  const { tenantId, signal, onText, onAnswer, ...callOptions } = options
  const { modelId, provider } = asked.ranked
  // One that is not wanted any more before it has its place was never asked.
  const leave = enter === undefined ? undefined : await enter({ provider, tenantId }, signal).catch(() => undefined)
  if (enter !== undefined && leave === undefined) {
    asked.end = { status: 'cancelled' }
    return
  }
  const seen = openCall(router.model(modelId), clock)
  asked.seen = seen
  router.report(modelId, { type: 'dispatched' })
  try {
    const collector = createAnswerCollector()
    for await (const part of watchStream(seen, request, { ...callOptions, signal }, clock)) {
      collector.add(part)
      if (part.type === 'textDelta') onText?.(part.text)
    }
    router.report(modelId, {
      type: 'succeeded',
      ...(seen.firstTokenMs === undefined ? {} : { firstTokenMs: seen.firstTokenMs }),
    })
    const judged = await orAborted(judgeAnswer(collector.result(), modelId, validate), signal)
    if (judged.status === 'valid') onAnswer?.(judged)
    asked.end = judged
  } catch (thrown) {
    if (signal.aborted) {
      asked.end = { status: 'cancelled' }
      router.report(modelId, { type: 'cancelled' })
      return
    }
    const error = toParleyError(thrown, { code: 'internal_error', message: `The call of "${modelId}" failed inside.` })
    asked.end = { status: 'failed', error }
    router.report(modelId, { type: 'failed', error })
  } finally {
    leave?.()
  }
}

/** What a call took. One that failed before anything came took nothing; one that was left is estimated. */
export function spendOfAsked(
  { ranked, seen, end }: AskedModel,
  router: ModelCallPorts['router'],
): CallSpend | undefined {
  if (seen === undefined) return undefined
  const wasWorkedOn = end.status !== 'failed' || seen.hasContent
  return spendOf(seen, router.priceOf(ranked.modelId), ranked.inputTokens, wasWorkedOn)
}

/** A call as the receipt lists it. */
export function toHop({ ranked, seen, end }: AskedModel, nowMs: number): ReceiptHop | undefined {
  if (seen === undefined) return undefined
  const errorCode = end.status === 'failed' ? end.error.code : end.status === 'invalid' ? 'contract_output' : undefined
  return {
    modelId: ranked.modelId,
    status: end.status === 'valid' ? 'success' : end.status === 'cancelled' ? 'cancelled' : 'failed',
    latencyMs: Math.round((seen.endedAtMs ?? nowMs) - seen.startedAtMs),
    ...(errorCode === undefined ? {} : { errorCode }),
  }
}

/** A call that was not taken, as the receipt lists it. */
export function toLost(
  asked: AskedModel,
  reason: LostCandidate['reason'],
  router: ModelCallPorts['router'],
): LostCandidate | undefined {
  const spend = spendOfAsked(asked, router)
  if (spend === undefined) return undefined
  return { modelId: asked.ranked.modelId, reason, costNanoUsd: spend.costNanoUsd, basis: spend.basis }
}
