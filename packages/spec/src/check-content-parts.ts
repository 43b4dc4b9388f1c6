import type { ChatRequest, ContentPart, ModelCard } from './chat-model.ts'
import { ParleyError } from './parley-error.ts'

/** Where a content part stands in a request. */
export type PartPlace = 'user' | 'tool'

/**
 * Refuses a request that holds a part the model cannot take, before anything is sent.
 * `objection` says what is wrong with a part, or nothing.
 * @throws `model_request_invalid` naming the part by its path
 */
export function checkContentParts(
  request: ChatRequest,
  modelId: string,
  objection: (part: ContentPart, place: PartPlace) => string | undefined,
): void {
  const check = (content: string | ContentPart[], path: string, place: PartPlace): void => {
    if (typeof content === 'string') return
    content.forEach((part, index) => {
      const reason = objection(part, place)
      if (reason === undefined) return
      const partPath = `${path}[${index}]`
      throw new ParleyError({
        code: 'model_request_invalid',
        message: `The ${part.type} part at ${partPath} cannot be sent to "${modelId}": ${reason}.`,
        details: { path: partPath, part: part.type, model: modelId },
      })
    })
  }
  request.messages.forEach((message, index) => {
    if (message.role === 'user') check(message.content, `messages[${index}].content`, 'user')
    if (message.role !== 'tool') return
    message.results.forEach((result, position) => {
      check(result.content, `messages[${index}].results[${position}].content`, 'tool')
    })
  })
}

/** What a model's card has against a part: a missing modality, or a part without url and data. */
export function cardObjection(card: ModelCard, part: ContentPart): string | undefined {
  if (part.type === 'text') return undefined
  if (!card.input.includes(part.type))
    return `the model takes no ${part.type} input; remove it or use a model that does`
  if (part.url === undefined && part.data === undefined) return 'it has neither url nor data'
  return undefined
}
