import type { ChatPart, EndReason, IdSource, Json, Usage } from '@parley/spec'

/** An answer of a model, whole. */
export interface Answer {
  text?: string
  /** Reasoning that the model shows. */
  thinking?: string
  /** Arguments as JSON text, or as a value that is written as JSON. */
  toolCalls?: { name: string; arguments: string | Json; callId?: string }[]
  /** @default 'toolCalls' with calls, else 'stop' */
  reason?: EndReason
  /** @default counted at four characters per token */
  usage?: Partial<Usage>
}

/** How an answer is cut into deltas. */
export interface AnswerChunks {
  /** Characters per delta. @default words with the space after them */
  chunk?: number | undefined
}

/** The parts of an answer, in the order in which a model streams them; `end` is last. */
export function toAnswerParts(
  answer: Answer,
  ids: IdSource,
  inputText: string,
  { chunk }: AnswerChunks = {},
): ChatPart[] {
  const { text = '', thinking = '', toolCalls = [] } = answer
  const parts: ChatPart[] = []
  for (const piece of cut(thinking, chunk)) parts.push({ type: 'thinkingDelta', text: piece })
  for (const piece of cut(text, chunk)) parts.push({ type: 'textDelta', text: piece })
  let written = thinking.length + text.length
  for (const call of toolCalls) {
    const callId = call.callId ?? ids.next('call')
    const json = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)
    written += json.length
    parts.push({ type: 'toolCallDelta', callId, name: call.name, argumentsDelta: '' })
    for (const piece of cut(json, chunk)) parts.push({ type: 'toolCallDelta', callId, argumentsDelta: piece })
    parts.push({ type: 'toolCall', call: { callId, name: call.name, arguments: json } })
  }
  const usage: Usage = { inputTokens: count(inputText.length), outputTokens: count(written), ...answer.usage }
  parts.push({ type: 'end', reason: answer.reason ?? (toolCalls.length > 0 ? 'toolCalls' : 'stop'), usage })
  return parts
}

function count(characters: number): number {
  return Math.ceil(characters / 4)
}

function cut(text: string, chunk: number | undefined): string[] {
  if (chunk === undefined) return text.match(/\S+\s*|\s+/g) ?? []
  const characters = Array.from(text)
  const pieces: string[] = []
  for (let start = 0; start < characters.length; start += chunk)
    pieces.push(characters.slice(start, start + chunk).join(''))
  return pieces
}
