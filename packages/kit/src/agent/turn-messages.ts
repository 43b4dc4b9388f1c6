import {
  ParleyError,
  type ChatMessage,
  type Memory,
  type MemoryProvider,
  type ModelCard,
  type RoomEvent,
  type TurnContext,
} from '@parley/spec'
import type { TurnOpening, TurnServices } from '../core/turn-services.ts'
import { NOTE_HEADER } from '../orchestration/handoff/handoff-note.ts'
import { slidingWindow } from '../memory/sliding-window.ts'
import { canonicalJson, toJson } from './canonical-json.ts'
import { toContextMessages, type MessageOrigins } from './context-messages.ts'
import { estimateTokens } from './token-estimate.ts'
import { untilAborted } from './until-aborted.ts'

const DEFAULT_WINDOW = 50

/** What a turn reads whose call has to answer sooner: events of the log, and tokens at most. */
const SHORT_WINDOW = 12
const SHORT_TOKENS = 2_000

export interface TurnMessagesOptions {
  context: TurnContext
  services: TurnServices
  memory: MemoryProvider | undefined
  /** Events wanted besides what the memory wants. */
  recentEventsWindow: number | undefined
  card: ModelCard
  /** What the model's window leaves for the past. */
  budgetTokens: number
  memoryMs: number
  /** Only the last of the past is read. */
  isShort: boolean
}

/** What the model reads in a turn: the past as the memory chooses it, notes, and what is answered. */
export async function buildTurnMessages(
  options: TurnMessagesOptions,
): Promise<{ messages: ChatMessage[]; notes: string[] }> {
  const { context, services, memory, recentEventsWindow = 0, card } = options
  const window = Math.max(memory?.recentEventsWindow ?? DEFAULT_WINDOW, recentEventsWindow, 1)
  const recent = await services.history(window)
  const events = options.isShort ? recent.slice(-SHORT_WINDOW) : recent
  const origins: MessageOrigins = new Map()
  // Without a memory nobody copies messages, so only those of the triggers need be told from the others.
  const only = memory === undefined ? new Set(services.triggers.map(({ id }) => id)) : undefined
  const toMessages = (some: readonly RoomEvent[]): ChatMessage[] =>
    toContextMessages(
      some,
      { agentId: context.agentId, card, speakerOf: (event) => services.speakerOf(event) },
      origins,
      only,
    )
  const found = await remember({ ...options, events, toMessages })
  const answered = toMessages(services.triggers.filter((trigger) => trigger.status === 'committed'))
  const notes = await services.notes()
  const between = [...notes.map(toUserMessage), ...openingMessages(services.opening)]
  // A memory wrapped by hand brings the note that the kit brings anyway.
  const past = notes.some((note) => note.startsWith(NOTE_HEADER))
    ? found.messages.filter((message) => !isNoteMessage(message))
    : found.messages
  return {
    messages: placeAnswered(past, answered, { between, origins, areCopied: memory !== undefined, services }),
    notes: found.notes ?? [],
  }
}

type Query = TurnMessagesOptions & { events: RoomEvent[]; toMessages(some: readonly RoomEvent[]): ChatMessage[] }

/** Asks the memory; one that fails or takes too long yields to the plain window. */
async function remember(query: Query): Promise<Memory> {
  const { memory, context, services, events, toMessages, isShort, memoryMs } = query
  const budgetTokens = isShort ? Math.min(query.budgetTokens, SHORT_TOKENS) : query.budgetTokens
  const asked = {
    roomId: context.room.id,
    agentId: context.agentId,
    trigger: context.event,
    events,
    toMessages,
    state: context.state,
    budgetTokens,
    countTokens: estimateTokens,
  }
  const plain = (): Promise<Memory> =>
    slidingWindow({ events: DEFAULT_WINDOW }).retrieve({ ...asked, signal: context.signal })
  if (memory === undefined) return await plain()
  const late = new AbortController()
  const cancel = context.clock.setTimer(memoryMs, () => late.abort(tooLate(memoryMs)))
  const signal = AbortSignal.any([context.signal, late.signal])
  try {
    return await untilAborted(memory.retrieve({ ...asked, signal }), signal)
  } catch (thrown) {
    context.signal.throwIfAborted()
    services.reportError(thrown, 'memory')
    const code = ParleyError.isInstance(thrown) ? thrown.code : 'internal_error'
    await services.receipt('memory', { provider: memory.name, code, usedInstead: 'SlidingWindow' })
    return await plain()
  } finally {
    cancel()
  }
}

/** Puts notes before the first message that is answered, and sees to it that each of those is there exactly once. */
function placeAnswered(
  remembered: readonly ChatMessage[],
  answered: readonly ChatMessage[],
  {
    between,
    origins,
    areCopied,
    services,
  }: { between: ChatMessage[]; origins: MessageOrigins; areCopied: boolean; services: TurnServices },
): ChatMessage[] {
  const ids = new Set<string>(services.triggers.map((trigger) => trigger.id))
  // A provider may have copied messages, so the last ones are told by what they say too.
  const texts = new Set(areCopied ? answered.map(textKey) : [])
  const tail = Math.max(0, remembered.length - answered.length)
  const isAnswered = (message: ChatMessage, index: number): boolean => {
    const origin = origins.get(message)
    return origin === undefined ? index >= tail && texts.has(textKey(message)) : ids.has(origin)
  }
  const first = remembered.findIndex(isAnswered)
  if (first === -1) return [...remembered, ...between, ...answered]
  const before = remembered.slice(0, first)
  const later = remembered.slice(first).filter((message, index) => !isAnswered(message, first + index))
  // What was said between two messages that one turn answers stays where it was.
  return later.length === 0 ? [...before, ...between, ...answered] : [...before, ...between, ...remembered.slice(first)]
}

function openingMessages(opening: TurnOpening | undefined): ChatMessage[] {
  if (opening === undefined || opening.kind === 'request') return []
  if (opening.kind === 'greeting') return [toUserMessage(`[${opening.prompt}]`)]
  if (opening.kind === 'notice') return [toUserMessage(`[${opening.text}]`)]
  return [
    toUserMessage(
      '[You take over this conversation now. Go on with the matter at once; do not greet as if it were new.]',
    ),
  ]
}

function isNoteMessage(message: ChatMessage): boolean {
  return message.role === 'user' && typeof message.content === 'string' && message.content.startsWith(NOTE_HEADER)
}

function toUserMessage(text: string): ChatMessage {
  return { role: 'user', content: text }
}

function textKey(message: ChatMessage): string {
  return canonicalJson(toJson(message) ?? null)
}

function tooLate(limitMs: number): ParleyError {
  return new ParleyError({
    code: 'limit_exceeded',
    message: `The memory did not answer within ${limitMs} ms; the plain window of the log is used.`,
    details: { limitMs },
  })
}
