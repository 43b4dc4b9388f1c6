import type { ChatPart, ChatResult, ToolCallPart } from '@parley/spec'

/** Puts an answer together from its parts. */
export interface AnswerCollector {
  add(part: ChatPart): void
  /** The whole answer; nothing before its end. */
  result(): ChatResult | undefined
}

/** Makes a collector for one answer. */
export function createAnswerCollector(): AnswerCollector {
  let text = ''
  let thinking = ''
  let end: Extract<ChatPart, { type: 'end' }> | undefined
  const toolCalls: ToolCallPart[] = []
  return {
    add(part) {
      if (part.type === 'textDelta') text += part.text
      else if (part.type === 'thinkingDelta') thinking += part.text
      else if (part.type === 'toolCall') toolCalls.push(part.call)
      else if (part.type === 'end') end = part
    },
    result: () =>
      end && {
        text,
        toolCalls,
        reason: end.reason,
        usage: end.usage,
        ...(thinking === '' ? {} : { thinking }),
        ...(end.responseId === undefined ? {} : { responseId: end.responseId }),
        ...(end.reasoning === undefined ? {} : { reasoning: end.reasoning }),
      },
  }
}
