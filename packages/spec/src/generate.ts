import type { CallOptions, ChatModel, ChatRequest, ChatResult, ToolCallPart } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'

/**
 * Asks a model for a whole answer: its stream, drained.
 * @throws {ParleyError} `model_stream_broken` when the stream stops without an end; whatever the model throws
 */
export async function generate(model: ChatModel, request: ChatRequest, options: CallOptions): Promise<ChatResult> {
  let text = ''
  let thinking = ''
  const toolCalls: ToolCallPart[] = []
  for await (const part of model.stream(request, options)) {
    if (part.type === 'textDelta') text += part.text
    else if (part.type === 'thinkingDelta') thinking += part.text
    else if (part.type === 'toolCall') toolCalls.push(part.call)
    else if (part.type === 'end') {
      return {
        text,
        toolCalls,
        reason: part.reason,
        usage: part.usage,
        ...(thinking === '' ? {} : { thinking }),
        ...(part.responseId === undefined ? {} : { responseId: part.responseId }),
        ...(part.reasoning === undefined ? {} : { reasoning: part.reasoning }),
      }
    }
  }
  throw new ParleyError({
    code: 'model_stream_broken',
    message: `The answer of ${model.id} stopped before its end. Ask again.`,
    details: { model: model.id },
  })
}
