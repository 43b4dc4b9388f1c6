import type { CallOptions, ChatModel, ChatPart, ChatRequest } from '@parley/spec'

/** A model that answers at once with one line and remembers nothing. */
export function quietModel(text = 'ok'): ChatModel {
  return {
    id: 'bench/quiet',
    card: {
      id: 'bench/quiet',
      provider: 'bench',
      contextTokens: 128_000,
      maxOutputTokens: 4_096,
      input: ['text'],
      tools: true,
      structuredOutput: 'native',
      reasoning: false,
    },
    async *stream(_request: ChatRequest, { signal }: CallOptions): AsyncGenerator<ChatPart> {
      signal.throwIfAborted()
      yield { type: 'textDelta', text }
      yield { type: 'end', reason: 'stop', usage: { inputTokens: 1, outputTokens: 1 } }
    },
  }
}
