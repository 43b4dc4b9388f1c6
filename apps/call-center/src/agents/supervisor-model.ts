import type {
  CallOptions,
  ChatMessage,
  ChatModel,
  ChatPart,
  ChatRequest,
  MemoryProvider,
  RoomEvent,
  RoomId,
} from '@parley/spec'
import { z } from 'zod'
import { humanNeed, readFacts } from './conversation-facts.ts'

/** First line of the message that carries a room's facts to the supervisor. */
const factsMark = '[Facts of this conversation]'

const factsSchema = z.object({
  askedForPerson: z.int(),
  notUnderstood: z.int(),
  failedVerifications: z.int(),
  toolFailures: z.object({ tool: z.string(), count: z.int() }),
  hasDistress: z.boolean(),
  tried: z.array(z.string()),
  lastWords: z.string(),
})

/** A memory that gives the supervisor the facts of the room in place of its words. */
export function factsMemory(readLog: (roomId: RoomId) => Promise<RoomEvent[]>): MemoryProvider {
  return {
    name: 'facts',
    async retrieve({ roomId, state }) {
      const facts = readFacts(await readLog(roomId), state)
      return { messages: [{ role: 'user', content: `${factsMark}\n${JSON.stringify(facts)}` }] }
    },
  }
}

/**
 * The supervisor's model: a rules engine, and it says so by its id. It reads the facts, calls `request_human` when a rule
 * applies and says nothing otherwise.
 */
export function createSupervisorModel(): ChatModel {
  const id = 'local/supervisor-rules'
  const usage = { inputTokens: 0, outputTokens: 0 }
  return {
    id,
    card: {
      id,
      provider: 'local',
      contextTokens: 100_000,
      maxOutputTokens: 1_000,
      input: [],
      tools: true,
      structuredOutput: 'instructions',
      reasoning: false,
      tier: 'local',
      price: { from: '2026-01-01T00:00:00.000Z', input: 0, output: 0 },
    },
    async *stream(
      { messages, tools = [] }: ChatRequest,
      { signal }: CallOptions,
    ): AsyncGenerator<ChatPart, void, void> {
      signal.throwIfAborted()
      const facts = latestFacts(messages)
      const need = facts && humanNeed(facts)
      const hasAsked = messages.at(-1)?.role === 'tool'
      if (facts && need && !hasAsked && tools.some(({ name }) => name === 'request_human')) {
        const summary = `Last words of the caller: ${facts.lastWords}`.slice(0, 400)
        const args = JSON.stringify({ ...need, tried: facts.tried.slice(0, 20), summary })
        yield { type: 'toolCall', call: { callId: 'call_1', name: 'request_human', arguments: args } }
        yield { type: 'end', reason: 'toolCalls', usage }
        return
      }
      yield { type: 'end', reason: 'stop', usage }
    },
  }
}

function latestFacts(messages: readonly ChatMessage[]): z.output<typeof factsSchema> | undefined {
  const text = messages
    .map((message) => (message.role === 'user' && typeof message.content === 'string' ? message.content : ''))
    .findLast((content) => content.startsWith(factsMark))
  const parsed = text === undefined ? undefined : factsSchema.safeParse(JSON.parse(text.slice(factsMark.length)))
  return parsed?.data
}
