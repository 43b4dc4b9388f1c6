import type { CallOptions, ChatMessage, ChatModel, ChatPart, ChatRequest } from '@parley/spec'
import { callFactsSchema, type CallFacts } from './call-facts.ts'
import type { callWordsSchema } from './call-summary.ts'
import type { z } from 'zod'

/** First line of what carries the facts to the model; they are the line after it. */
const factsMark = '[Facts of this conversation]'

/** Says what the facts say, without a model. */
export function wordsOfFacts({ reasons, done, next }: CallFacts): z.output<typeof callWordsSchema> {
  return { reason: reasons.join('; '), resolution: done.join(' '), followUps: next }
}

/** The model of `post-call` where no other is given: a rules engine, and it says so by its id. */
export function createSummaryModel(): ChatModel {
  const id = 'local/summary-rules'
  return {
    id,
    card: {
      id,
      provider: 'local',
      contextTokens: 100_000,
      maxOutputTokens: 4_000,
      input: [],
      tools: false,
      structuredOutput: 'instructions',
      reasoning: false,
      tier: 'local',
      price: { from: '2026-01-01T00:00:00.000Z', input: 0, output: 0 },
    },
    // A stream, as models are, of one part.
    async *stream({ messages }: ChatRequest, { signal }: CallOptions): AsyncGenerator<ChatPart, void, void> {
      signal.throwIfAborted()
      yield { type: 'textDelta', text: JSON.stringify(wordsOfFacts(factsOf(messages))) }
      yield { type: 'end', reason: 'stop', usage: { inputTokens: 0, outputTokens: 0 } }
    },
  }
}

/** @throws when the prompt holds no facts: the step fails, and its policy decides */
function factsOf(messages: readonly ChatMessage[]): CallFacts {
  const prompt = messages
    .flatMap((message) => (message.role === 'user' && typeof message.content === 'string' ? [message.content] : []))
    .findLast((content) => content.includes(factsMark))
  const [line = ''] = prompt?.split(`${factsMark}\n`)[1]?.split('\n') ?? []
  return callFactsSchema.parse(JSON.parse(line))
}
