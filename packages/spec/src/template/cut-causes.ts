import type { ChatModel } from '../chat-model.ts'
import { ParleyError } from '../parley-error.ts'
import { safeErrorText } from '../security/error-text.ts'

/**
 * A model whose errors carry no cause: what the provider's client threw stays inside the adapter. The reason of an abort
 * is passed on as it is, for it is the caller's own.
 */
export function cutCauses(model: ChatModel): ChatModel {
  return {
    id: model.id,
    card: model.card,
    async *stream(request, options) {
      try {
        yield* model.stream(request, options)
      } catch (thrown) {
        if (options.signal.aborted && thrown === options.signal.reason) throw thrown
        throw withoutCause(thrown, model.id)
      }
    },
  }
}

function withoutCause(thrown: unknown, modelId: string): ParleyError {
  if (ParleyError.isInstance(thrown)) {
    const { code, message, retryable, details } = thrown
    return new ParleyError({ code, message, retryable, details })
  }
  return new ParleyError({
    code: 'model_unavailable',
    message: `The call of the model "${modelId}" failed: ${safeErrorText(thrown)}`,
    retryable: false,
    details: { model: modelId },
  })
}
