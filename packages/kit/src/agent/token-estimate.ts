import type { ChatMessage, ContentPart } from '@parley/spec'

/** What a picture, sound or file is taken for; vendors differ. */
const MEDIA_TOKENS = 1_000

/** One token per four bytes of UTF-8, for models without a counter of their own. */
export function estimateTokens(text: string): number {
  return Math.ceil(utf8Bytes(text) / 4)
}

/** Bytes of a text in UTF-8. Counted, not encoded: every turn asks this of its whole window. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) continue
    // A pair of surrogates is two units and four bytes; alone, one is written as three.
    const isPair = unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))
    if (isPair) index++
    bytes += unit < 0x800 ? 1 : 2
  }
  return bytes
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

/** Tokens of a message, its tool calls and results included. */
export function messageTokens(message: ChatMessage, countTokens: (text: string) => number = estimateTokens): number {
  if (message.role === 'tool') {
    return message.results.reduce((sum, result) => sum + contentTokens(result.content, countTokens) + 4, 0)
  }
  const own = contentTokens(message.content, countTokens) + 4
  if (message.role === 'user') return own
  return (message.toolCalls ?? []).reduce((sum, call) => sum + countTokens(call.name + call.arguments) + 4, own)
}

function contentTokens(content: string | ContentPart[], countTokens: (text: string) => number): number {
  if (typeof content === 'string') return countTokens(content)
  return content.reduce((sum, part) => sum + (part.type === 'text' ? countTokens(part.text) : MEDIA_TOKENS), 0)
}
