import { toParleyError, type ChatPart, type ChatRequest } from '@parley/spec'
import { createAnswerCollector } from './answer-collector.ts'
import type { AskedModel } from './asked-model.ts'
import { judgeAnswer } from './judge-answer.ts'
import type { ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { callOptions, orAborted, watchStream, type SeenCall } from './watch-stream.ts'

/**
 * Gives the parts of one model's answer as they come, and keeps on `asked` what it was worth. A failure is kept too, so
 * that the next model can be asked; only an abort is thrown.
 */
export async function* streamAnswer(
  asked: AskedModel & { seen: SeenCall },
  request: ChatRequest,
  plan: ModelCallPlan,
  { router, clock, signal, validate, onDelta }: ModelCallPorts,
  takesAnyEnd: boolean,
): AsyncGenerator<ChatPart, void, void> {
  const { seen } = asked
  const { modelId } = asked.ranked
  const collector = createAnswerCollector()
  // Usage of a call that fails before content would be mistaken for the answer's.
  const held: ChatPart[] = []
  let isReported = false
  router.report(modelId, { type: 'dispatched' })
  try {
    for await (const part of watchStream(seen, request, callOptions(plan, signal), clock)) {
      collector.add(part)
      if (part.type === 'end') {
        isReported = true
        router.report(modelId, {
          type: 'succeeded',
          ...(seen.firstTokenMs === undefined ? {} : { firstTokenMs: seen.firstTokenMs }),
        })
        const result = collector.result()
        asked.end =
          takesAnyEnd && result !== undefined
            ? { status: 'valid', result, value: result.text }
            : await orAborted(judgeAnswer(result, modelId, validate), signal)
      }
      if (part.type === 'textDelta') onDelta?.(part.text, { modelId, isProvisional: false })
      held.push(part)
      if (seen.hasContent || part.type === 'end') yield* held.splice(0)
    }
  } catch (thrown) {
    if (signal.aborted) throw signal.reason
    const error = toParleyError(thrown, { code: 'internal_error', message: `The call of "${modelId}" failed inside.` })
    asked.end = { status: 'failed', error }
    isReported = true
    router.report(modelId, { type: 'failed', error })
  } finally {
    if (!isReported) router.report(modelId, { type: 'cancelled' })
  }
}
