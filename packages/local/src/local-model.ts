import {
  cardObjection,
  checkContentParts,
  checkOptions,
  createSystemClock,
  ParleyError,
  type CallOptions,
  type ChatModel,
  type ChatPart,
  type ChatRequest,
  type Clock,
  type Json,
  type ModelCard,
  type TurnHint,
} from '@parley/spec'
import type { CompiledRules } from './compiled-rules.ts'
import { describeRules, type RulesDescription } from './describe-rules.ts'
import { HANDOFF_TOOL_NAME } from './dialogue-step.ts'
import { foldSentence } from './fold-sentence.ts'
import { buildGrammar, type Grammar, type GrammarOptions } from './grammar.ts'
import { askLookups, type Lookup } from './lookups.ts'
import { offeredTools, toCallArguments } from './offered-tools.ts'
import { planAnswer } from './plan-answer.ts'
import { readConversation, type RecordedTurn } from './read-conversation.ts'
import { toSentence, type Sentence } from './read-slot.ts'
import type { RulesDocument } from './rules-document.ts'
import { openRules } from './rules-source.ts'
import { streamPlan } from './stream-plan.ts'
import { askedSlot, hintOfSlot } from './turn-hint.ts'

/** What a local model is made from. */
export interface LocalModelOptions {
  /** A rules document: an object, YAML text, or the path of a `.yaml` or `.yml` file, read again when it changed. */
  rules: string | RulesDocument
  /** Names from data, by the keys that slots of type `lookup` name. */
  lookups?: Readonly<Record<string, Lookup>>
  /** Where `today` and the lookups' 250 ms come from. @default the machine's clock */
  clock?: Clock
  /** The zone of `today`, `date` and `time`, as an IANA name. @default 'UTC' */
  timeZone?: string
  /** Told of a changed file with faults and of lookups that failed or were late. @default nobody */
  onError?: (error: ParleyError) => void
}

/** A model driven by rules: it works offline, costs nothing and says so when it does not understand. */
export interface LocalModel extends ChatModel {
  /** What may be said in a phase, or as the answer for one slot, for a recognizer of speech. */
  grammar(options?: GrammarOptions): Grammar
  /** What is probably said next in a phase, after a line of the agent: for recognizers and for the wait at the end of a turn. */
  expects(after: { line: string; phase?: string }): TurnHint
  /** What it understands, for people. */
  describe(): RulesDescription
}

const card: ModelCard = {
  id: 'local/rules',
  provider: 'local',
  contextTokens: 1_000_000,
  maxOutputTokens: 4_096,
  input: ['text'],
  tools: true,
  structuredOutput: 'instructions',
  reasoning: false,
  tier: 'local',
  price: { from: '2026-01-01T00:00:00.000Z', input: 0, output: 0 },
}

/** Lines of a conversation, latest first, that lookups are asked about. */
const MAX_LOOKUP_LINES = 30

/**
 * Makes a model that follows a rules document. It keeps nothing: slots, results and the place in the fallback are read
 * from each request's messages, so one model serves all rooms.
 * @throws {ParleyError} `rules_invalid` with all faults; `invalid_options`
 */
export function createLocalModel(options: LocalModelOptions): LocalModel {
  checkOptions('createLocalModel', options, ['rules', 'lookups', 'clock', 'timeZone', 'onError'])
  const { rules, lookups = {}, clock = createSystemClock(), timeZone = 'UTC', onError = () => {} } = options
  checkTimeZone(timeZone)
  const source = openRules(rules, Object.keys(lookups), onError)

  async function* stream(request: ChatRequest, call: CallOptions): AsyncGenerator<ChatPart, void, void> {
    const { signal } = call
    signal.throwIfAborted()
    checkRequest(request)
    const compiled = source()
    const turns = turnsOf(request, call)
    const today = dayOf(clock.now(), timeZone)
    const sentences = await readSentences(turns, compiled, { lookups, signal, clock, onError, today })
    signal.throwIfAborted()
    const tools = offeredTools(request)
    const phase = call.metadata?.['phase']
    const plan = planAnswer({
      rules: compiled,
      turns,
      sentences,
      isOffered: (tool, args) => isOffered(tools, tool, args),
      isOpening: call.purpose === 'opening',
      timeZone,
      ...(phase === undefined ? {} : { phase }),
    })
    const planned = plan.call
      ? {
          text: plan.text,
          call: { tool: plan.call.tool, args: toCallArguments(tools.get(plan.call.tool), plan.call.args) },
        }
      : { text: plan.text }
    yield* streamPlan(planned, request, signal)
  }

  return {
    id: card.id,
    card,
    stream,
    grammar: (grammarOptions = {}) => buildGrammar(source(), grammarOptions, lookups),
    expects({ line, phase }) {
      const compiled = source()
      const slot = askedSlot(compiled, line)
      const scope = slot === undefined ? (phase === undefined ? {} : { phase }) : { slot: slot.id }
      const { jsgf, words } = buildGrammar(compiled, scope, lookups)
      return { ...(slot === undefined ? { expect: 'free' as const } : hintOfSlot(slot)), grammar: jsgf, words }
    },
    describe: () => describeRules(source()),
  }
}

function turnsOf(request: ChatRequest, { purpose }: CallOptions): RecordedTurn[] {
  const turns = readConversation(request, purpose === 'opening')
  const last = turns.at(-1)
  const isAnswered = last !== undefined && last.said.length + last.calls.length > 0
  // An opening whose note stands elsewhere begins a turn of its own, unless its first tool has just answered.
  if (purpose !== 'opening' || !isAnswered || request.messages.at(-1)?.role === 'tool') return turns
  return [...turns, { entries: [], said: [], calls: [] }]
}

interface SentenceSources {
  lookups: Readonly<Record<string, Lookup>>
  signal: AbortSignal
  clock: Clock
  onError: (error: ParleyError) => void
  today: string
}

async function readSentences(
  turns: readonly RecordedTurn[],
  rules: CompiledRules,
  { today, ...sources }: SentenceSources,
): Promise<Map<string, Sentence>> {
  const lines = turns.flatMap(({ entries }) => entries.flatMap((entry) => (entry.kind === 'line' ? [entry.text] : [])))
  const texts = [...new Set(lines)]
  const keys = [...new Set([...rules.slots.values()].flatMap(({ lookup }) => lookup ?? []))]
  const found = await askLookups({ ...sources, keys, texts: texts.slice(-MAX_LOOKUP_LINES) })
  return new Map(texts.map((text) => [text, toSentence(text, foldSentence(text), found.get(text) ?? new Map(), today)]))
}

function isOffered(tools: ReturnType<typeof offeredTools>, name: string, args: Record<string, Json>): boolean {
  const tool = tools.get(name)
  if (!tool) return false
  return name !== HANDOFF_TOOL_NAME || tool.targets === undefined || tool.targets.includes(args['target'] ?? null)
}

function checkRequest(request: ChatRequest): void {
  checkContentParts(request, card.id, (part) => cardObjection(card, part))
  if (!request.output) return
  throw new ParleyError({
    code: 'model_request_invalid',
    message:
      'The local rules model answers in sentences; it cannot give structured output. Use another model for this.',
    details: { path: 'output', model: card.id },
  })
}

function checkTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone })
  } catch (cause) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `createLocalModel does not know the timeZone "${timeZone}"; give an IANA name such as "Europe/Berlin".`,
      details: { path: 'timeZone', expected: 'an IANA time zone' },
      cause,
    })
  }
}

function dayOf(nowMs: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  return parts.format(nowMs)
}
