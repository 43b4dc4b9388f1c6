import type { ChatMessage, ChatPart, ChatRequest, EndReason, Json, Usage } from '@parley/spec'

/** What is streamed: a text, then at most one call. */
export interface PlannedAnswer {
  text: string
  call?: { tool: string; args: Record<string, Json> }
}

/** Streams a planned answer word by word, as any model does; rejects with the signal's reason after an abort. */
export async function* streamPlan(
  { text, call }: PlannedAnswer,
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatPart, void, void> {
  const { shown, isCut } = limitText(text, request)
  const usage: Usage = { inputTokens: countTokens(textOfRequest(request)), outputTokens: countTokens(shown) }
  for (const [word] of shown.matchAll(/\s*\S+\s*$|\s*\S+/gu)) {
    // Lets the reader go on between two words, as a stream over a wire does.
    await Promise.resolve()
    signal.throwIfAborted()
    yield { type: 'textDelta', text: word }
  }
  signal.throwIfAborted()
  let reason: EndReason = isCut ? 'length' : 'stop'
  if (call && !isCut) {
    const args = JSON.stringify(call.args)
    usage.outputTokens += countTokens(args)
    reason = 'toolCalls'
    yield { type: 'toolCall', call: { callId: callIdFor(request.messages), name: call.tool, arguments: args } }
    signal.throwIfAborted()
  }
  yield { type: 'usage', usage }
  signal.throwIfAborted()
  yield { type: 'end', reason, usage }
}

function limitText(text: string, { stop = [], maxOutputTokens }: ChatRequest): { shown: string; isCut: boolean } {
  const ends = stop.flatMap((sequence) => (sequence !== '' && text.includes(sequence) ? [text.indexOf(sequence)] : []))
  const stopped = text.slice(0, Math.min(text.length, ...ends))
  if (maxOutputTokens === undefined || countTokens(stopped) <= maxOutputTokens) return { shown: stopped, isCut: false }
  let shown = ''
  for (const [word] of stopped.matchAll(/\s*\S+/gu)) {
    if (countTokens(shown + word) > maxOutputTokens) break
    shown += word
  }
  return { shown, isCut: true }
}

/** One token per four bytes of UTF-8. */
function countTokens(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).length / 4)
}

function textOfRequest({ system = '', messages }: ChatRequest): string {
  return system + JSON.stringify(messages)
}

/** An id that depends on the conversation alone and that no call in it has. */
function callIdFor(messages: readonly ChatMessage[]): string {
  const used = new Set(
    messages
      .flatMap((message) => (message.role === 'assistant' ? (message.toolCalls ?? []) : []))
      .map(({ callId }) => callId),
  )
  const mark = hash(JSON.stringify(messages))
  for (let attempt = used.size + 1; ; attempt += 1) {
    const callId = `call_${mark}_${attempt}`
    if (!used.has(callId)) return callId
  }
}

/** FNV-1a with 64 bits, as 13 characters. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value.toString(36).padStart(13, '0')
}
