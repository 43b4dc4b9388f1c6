import type { ChatRequest, ContentPart } from './chat-model.ts'

/** Tokens that a picture, a sound or a file is taken for. */
const tokensPerMediaPart = 1_000
/** Tokens that a message takes besides its text. */
const tokensPerMessage = 8

/**
 * The input tokens of a request, estimated from above at three characters per token. Where exact counts matter, a
 * tokenizer gives them; what was really used comes from the vendor.
 */
export function estimateInputTokens(request: ChatRequest): number {
  let characters = request.system?.length ?? 0
  let tokens = 0
  const addContent = (content: string | ContentPart[]): void => {
    if (typeof content === 'string') {
      characters += content.length
      return
    }
    for (const part of content) {
      if (part.type === 'text') characters += part.text.length
      else tokens += tokensPerMediaPart
    }
  }
  for (const message of request.messages) {
    tokens += tokensPerMessage
    if (message.role === 'tool') for (const { content } of message.results) addContent(content)
    else addContent(message.content)
    if (message.role === 'assistant') {
      for (const call of message.toolCalls ?? []) characters += call.name.length + call.arguments.length
    }
  }
  if (request.tools?.length) characters += JSON.stringify(request.tools).length
  if (request.output) characters += JSON.stringify(request.output.schema).length
  return tokens + Math.ceil(characters / 3)
}
