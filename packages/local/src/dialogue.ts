import { assertNever, type Json } from '@parley/spec'
import type { CompiledAction, CompiledMenuEntry, CompiledRule, CompiledRules, CompiledSlot } from './compiled-rules.ts'
import { holds } from './condition.ts'
import type { Roots } from './data-path.ts'
import {
  fillSlot,
  learnOutcome,
  learnReport,
  learnResult,
  rootsOf,
  type DialogueMemory,
} from './dialogue-memory.ts'
import { isMap, type HandoffReport, type RequestOutcome } from './internal-note.ts'
import type { LookupEntry } from './lookups.ts'
import { matchIntent, type IntentMatch } from './match-intent.ts'
import { findSlot, readAnswer, readPlace, readYesNo, type Sentence } from './read-slot.ts'
import { renderText, type Template } from './template.ts'
import { refusedFields } from './refused-fields.ts'
import { renderValueTree, type ValueTemplate } from './value-template.ts'

/** Name of the tool that hands a conversation over. */
export const HANDOFF_TOOL_NAME = 'handoff_conversation'

/** What begins a turn of the agent. */
export interface TurnInput {
  kind: 'turn'
  lines: readonly { sentence: Sentence; isOverheard: boolean }[]
  reports: readonly HandoffReport[]
  outcomes: readonly RequestOutcome[]
  /** The agent takes over from a colleague. */
  isOpening: boolean
  /** What the agent said last before this turn. */
  lastSaid: string
  /** The intent a menu gave to these lines. */
  chosen?: string
}

/** What the dialogue does next: says something, calls a tool, or waits for the next turn. */
export type DialogueStep =
  | { kind: 'say'; text: string }
  | { kind: 'call'; tool: string; args: Record<string, Json> }
  | { kind: 'wait' }

/** What the dialogue is told after a step. */
export type DialogueReply = TurnInput | { kind: 'result'; value: Json; isError: boolean } | { kind: 'said' }

/** What the dialogue asks its surroundings. */
export interface DialogueWorld {
  /** Whether a tool can be called now; `cut` when this turn of the past ended before it could be. */
  canCall(tool: string, args: Record<string, Json>): 'yes' | 'no' | 'cut'
  timeZone: string
  phase?: string
}

/** How a list of actions ended. */
type Flow =
  | { kind: 'done'; wasAsked?: boolean }
  | { kind: 'end' }
  /** An action could not be done (`isHeard`: after a person's answer that was not understood). */
  | { kind: 'failed'; isHeard: boolean }
  /** The person went on to something else. */
  | { kind: 'redirect'; input: TurnInput }
  | { kind: 'cut' }

type Dialogue<T> = Generator<DialogueStep, T, DialogueReply>

interface Scope {
  rules: CompiledRules
  memory: DialogueMemory
  world: DialogueWorld
  /** The sentence the present rule began with. */
  words: string
  /** Result keys that came in the present rule. */
  arrived: Set<string>
}

const done: Flow = { kind: 'done' }
const failed: Flow = { kind: 'failed', isHeard: false }
const unheard: Flow = { kind: 'failed', isHeard: true }
const MAX_RETRIES_OF_CALL = 5
const MAX_CHAINED_RULES = 8
const MAX_CONFIRM_ASKS = 2

/**
 * The conversation of one agent by its rules, as steps. It is driven from the first message of a conversation to the
 * present one each time; the same turns and results give the same steps.
 */
export function* dialogue(rules: CompiledRules, memory: DialogueMemory, world: DialogueWorld): Dialogue<never> {
  let input = yield* nextTurn()
  for (;;) {
    learn({ rules, memory, world, words: '', arrived: new Set() }, input)
    let flow = yield* answerTurn(rules, memory, world, input)
    // What was said while something else was asked has been learned where it was heard.
    while (flow.kind === 'redirect') flow = yield* answerTurn(rules, memory, world, flow.input)
    input = yield* nextTurn()
  }
}

function* nextTurn(): Dialogue<TurnInput> {
  for (;;) {
    const reply = yield { kind: 'wait' }
    if (reply.kind === 'turn') return reply
  }
}

function learn({ rules, memory, world }: Scope, input: TurnInput, except?: CompiledSlot): void {
  for (const report of input.reports) learnReport(memory, report, rules)
  for (const outcome of input.outcomes) learnOutcome(memory, outcome, rules)
  for (const { sentence } of input.lines) {
    for (const slot of rules.slots.values()) {
      const value = slot === except ? undefined : findSlot(slot, sentence)
      if (value !== undefined) fillSlot(memory, slot, value)
    }
    const match = matchIntent(rules, sentence, world.phase)
    for (const [id, value] of Object.entries(match?.captures ?? {})) {
      const slot = rules.slots.get(id)
      if (slot && slot !== except) fillSlot(memory, slot, value)
    }
  }
}

interface Heard {
  match?: IntentMatch
  words: string
}

/** The latest line with an intent counts; what a colleague answered counts only when the agent takes over. */
function hear(rules: CompiledRules, world: DialogueWorld, input: TurnInput): Heard {
  const lines = input.lines.filter(({ isOverheard }) => !isOverheard || input.isOpening)
  const words = (lines.at(-1) ?? input.lines.at(-1))?.sentence.text ?? ''
  const chosen = rules.intents.find(({ id }) => id === input.chosen)
  if (chosen) return { match: { intent: chosen, fixedWords: 0, captures: {} }, words }
  for (const { sentence } of lines.toReversed()) {
    const match = matchIntent(rules, sentence, world.phase)
    if (match) return { match, words: sentence.text }
  }
  return { words }
}

interface Facts {
  intent?: string
  isOpening: boolean
  arrived: ReadonlySet<string>
  /** Only rules that wait for a result. */
  isAfterOnly: boolean
}

function* answerTurn(rules: CompiledRules, memory: DialogueMemory, world: DialogueWorld, input: TurnInput): Dialogue<Flow> {
  const hasLines = input.lines.some(({ isOverheard }) => !isOverheard)
  const heard = hear(rules, world, input)
  if (!heard.match && input.chosen === undefined && hasLines && input.lastSaid !== '' && asksToRepeat(input)) {
    yield { kind: 'say', text: input.lastSaid }
    return done
  }
  for (const [slot, value] of Object.entries(heard.match?.intent.set ?? {})) memory.slots[slot] = value
  const arrived = new Set(input.outcomes.flatMap(({ tool }) => [tool, 'outcome', ...(rules.savesOf.get(tool) ?? [])]))
  const words = hasLines || !input.isOpening ? heard.words : openingWords(memory, heard.words)
  const scope: Scope = { rules, memory, world, words, arrived }
  const isAfterOnly = !hasLines && !input.isOpening && arrived.size > 0
  const facts: Facts = {
    isOpening: input.isOpening,
    arrived,
    isAfterOnly,
    ...(heard.match ? { intent: heard.match.intent.id } : {}),
  }
  const rule = findRule(scope, facts)
  // An outcome that no rule speaks of is no sentence that could be misunderstood; nor is nothing at all.
  if (!rule && (isAfterOnly || (!hasLines && !input.isOpening))) return done
  const flow = rule ? yield* followRule(rule, scope) : unheard
  if (flow.kind === 'failed') return yield* climbLadder(scope)
  if (flow.kind === 'done' || flow.kind === 'end') memory.misses = 0
  return flow
}

function openingWords({ payload, context }: DialogueMemory, words: string): string {
  for (const told of [payload['callerWords'], words, context['summary']]) if (typeof told === 'string' && told !== '') return told
  return ''
}

function findRule(scope: Scope, facts: Facts, except?: ReadonlySet<CompiledRule>): CompiledRule | undefined {
  return scope.rules.rules.find((rule) => !except?.has(rule) && applies(rule, scope, facts))
}

function applies({ when }: CompiledRule, scope: Scope, facts: Facts): boolean {
  if (!when) return !facts.isAfterOnly
  const { intent, after, opening, slots, condition } = when
  if (opening !== undefined && opening !== facts.isOpening) return false
  if (intent !== undefined && intent !== facts.intent) return false
  if (after === undefined && facts.isAfterOnly) return false
  if (after !== undefined && !facts.arrived.has(after)) {
    if (intent === undefined || !Object.hasOwn(scope.memory.results, after)) return false
  }
  for (const { slot, value } of slots) {
    const filled = Object.hasOwn(scope.memory.slots, slot) ? scope.memory.slots[slot] : undefined
    if (filled === undefined || (value !== undefined && JSON.stringify(filled) !== JSON.stringify(value))) return false
  }
  return condition === undefined || holds(condition, roots(scope)) === true
}

/** Follows a rule, and the rules that wait for the results it brought. */
function* followRule(first: CompiledRule, scope: Scope): Dialogue<Flow> {
  const followed = new Set<CompiledRule>()
  let rule: CompiledRule | undefined = first
  while (rule && followed.size < MAX_CHAINED_RULES) {
    followed.add(rule)
    scope.arrived = new Set()
    for (const id of rule.need) {
      const slot = scope.rules.slots.get(id)
      if (!slot || Object.hasOwn(scope.memory.slots, id)) continue
      const asked = yield* askSlot(slot, scope)
      if (asked.kind !== 'done') return asked
    }
    const flow = yield* runActions(rule.actions, scope)
    if (flow.kind !== 'done' || scope.arrived.size === 0) return flow
    rule = findRule(scope, { isOpening: false, arrived: scope.arrived, isAfterOnly: true }, followed)
  }
  return done
}

/** One entry of the fallback per sentence that was not understood; the last repeats. */
function* climbLadder(scope: Scope): Dialogue<Flow> {
  const { rules, memory } = scope
  for (;;) {
    const last = rules.fallback.length - 1
    const position = Math.min(memory.misses, last)
    const entry = rules.fallback[position]
    memory.misses += 1
    const flow = entry ? yield* runActions([entry], scope) : failed
    if (flow.kind !== 'failed') return flow
    if (flow.isHeard || position < last) continue
    yield { kind: 'say', text: lastResort }
    return done
  }
}

/** What is said when not even the last entry of the fallback can be done. */
export const lastResort = 'Sorry, I did not understand that, and I cannot pass you on from here.'

function* runActions(actions: readonly CompiledAction[], scope: Scope): Dialogue<Flow> {
  let wasAsked = false
  for (const action of actions) {
    const flow = yield* runAction(action, scope)
    if (flow.kind !== 'done') return flow
    wasAsked ||= flow.wasAsked ?? false
  }
  return { kind: 'done', wasAsked }
}

function* runAction(action: CompiledAction, scope: Scope): Dialogue<Flow> {
  switch (action.kind) {
    case 'reply':
      return yield* say(action.text, scope)
    case 'ask': {
      const slot = scope.rules.slots.get(action.slot)
      return slot ? yield* askSlot(slot, scope) : failed
    }
    case 'tool':
      return yield* callTool(action, scope)
    case 'handoff':
      return yield* handOver(action, scope)
    case 'confirm':
      return yield* confirm(action, scope)
    case 'if': {
      const verdict = holds(action.condition, roots(scope))
      if (verdict === undefined) return failed
      return yield* runActions(verdict ? action.then : action.otherwise, scope)
    }
    case 'menu':
      return yield* offerMenu(action.entries, scope)
    case 'end':
      return { kind: 'end' }
    default:
      return assertNever(action)
  }
}

function* say(template: Template, scope: Scope): Dialogue<Flow> {
  const rendered = renderText(template, roots(scope), scope.world.timeZone)
  if (!rendered.ok) return failed
  if (rendered.value.trim() !== '') yield { kind: 'say', text: rendered.value.trim() }
  return done
}

function* askSlot(slot: CompiledSlot, scope: Scope): Dialogue<Flow> {
  const { memory } = scope
  for (let attempt = 0; attempt <= slot.retries; attempt += 1) {
    const several = memory.candidates.get(slot.id)
    if (several) yield { kind: 'say', text: whichOne(several) }
    else {
      const asked = yield* say(attempt === 0 ? slot.prompt : slot.reprompt, scope)
      if (asked.kind !== 'done') return asked
    }
    const input = yield* hearAnswer(scope, slot)
    if ('flow' in input) return input.flow
    for (const { sentence } of input.lines.toReversed()) {
      const reading = readAnswer(slot, sentence, several)
      if (reading.kind === 'value') {
        fillSlot(memory, slot, reading.value)
        memory.misses = 0
        return { kind: 'done', wasAsked: true }
      }
      if (reading.kind === 'several') memory.candidates.set(slot.id, reading.entries)
    }
    if (isUnderstood(scope, input)) return { kind: 'redirect', input }
    if (!several && memory.candidates.has(slot.id)) attempt -= 1
  }
  memory.candidates.delete(slot.id)
  return unheard
}

function whichOne(entries: readonly LookupEntry[]): string {
  const names = entries.slice(0, 5).map(({ id, names: [first] }) => first ?? id)
  const last = names.pop() ?? ''
  return `Which one: ${names.join(', ')} or ${last}?`
}

/** Waits for the answer to a question; outcomes are told meanwhile, a wish to hear it again is met. */
function* hearAnswer(scope: Scope, slot?: CompiledSlot): Dialogue<TurnInput | { flow: Flow }> {
  for (;;) {
    const input = yield* nextTurn()
    learn(scope, input, slot)
    const hasLines = input.lines.some(({ isOverheard }) => !isOverheard)
    if (input.isOpening) return { flow: { kind: 'redirect', input } }
    if (!hasLines) {
      const flow = yield* answerTurn(scope.rules, scope.memory, scope.world, input)
      if (flow.kind !== 'done') return { flow }
    } else if (slot?.type !== 'text' && input.lastSaid !== '' && asksToRepeat(input)) {
      yield { kind: 'say', text: input.lastSaid }
    } else return input
  }
}

function isUnderstood({ rules, memory, world }: Scope, input: TurnInput): boolean {
  const { match, words } = hear(rules, world, input)
  if (!match) return false
  const scope: Scope = { rules, memory, world, words, arrived: new Set() }
  return rules.rules.some((rule) => {
    if (rule.when?.intent === undefined) return false
    return applies(rule, scope, { intent: match.intent.id, isOpening: false, arrived: new Set(), isAfterOnly: false })
  })
}

const repeatWishes = new Set([
  'repeat', 'repeat that', 'repeat please', 'please repeat', 'repeat it', 'say that again', 'say it again', 'pardon',
  'come again', 'what did you say', 'can you repeat that', 'could you repeat that',
])

function asksToRepeat({ lines }: TurnInput): boolean {
  return repeatWishes.has(lines.at(-1)?.sentence.words.join(' ') ?? '')
}

type ToolAction = Extract<CompiledAction, { kind: 'tool' }>
type HandoffAction = Extract<CompiledAction, { kind: 'handoff' }>
type ConfirmAction = Extract<CompiledAction, { kind: 'confirm' }>

function* callTool(action: ToolAction, scope: Scope): Dialogue<Flow> {
  for (let attempt = 0; attempt < MAX_RETRIES_OF_CALL; attempt += 1) {
    const args = renderMap(action.with, scope)
    if (!args) return failed
    const result = yield* call(action.tool, args, scope)
    if ('flow' in result) return result.flow
    learnResult(scope.memory, action.tool, result.value, [action.save])
    scope.arrived.add(action.tool).add(action.save)
    if (!result.isError) return done
    if (!action.onError) return failed
    const flow = yield* runActions(action.onError, scope)
    if (flow.kind !== 'done') return flow
    // A question in `on_error` asks for a better argument: the tool gets it.
    if (!flow.wasAsked) return { kind: 'end' }
  }
  return failed
}

function* handOver(action: HandoffAction, scope: Scope): Dialogue<Flow> {
  for (let attempt = 0; attempt < MAX_RETRIES_OF_CALL; attempt += 1) {
    const args = handoffArguments(action, scope)
    if (!args) return failed
    const result = yield* call(HANDOFF_TOOL_NAME, args, scope)
    if ('flow' in result) return result.flow
    const { value } = result
    const isRefused = result.isError || (isMap(value) && value['accepted'] === false)
    if (!isRefused) return { kind: 'end' }
    learnResult(scope.memory, HANDOFF_TOOL_NAME, value, [])
    const slots = refusedFields(value, action.payload).flatMap((id) => scope.rules.slots.get(id) ?? [])
    if (slots.length > 0) {
      for (const slot of slots) {
        const asked = yield* askSlot(slot, scope)
        if (asked.kind !== 'done') return asked
      }
      continue
    }
    if (!action.onError) return failed
    const flow = yield* runActions(action.onError, scope)
    if (flow.kind !== 'done') return flow
    if (!flow.wasAsked) return { kind: 'end' }
  }
  return failed
}

function handoffArguments(action: HandoffAction, scope: Scope): Record<string, Json> | undefined {
  const { timeZone } = scope.world
  const reason = renderText(action.reason, roots(scope), timeZone)
  const summary = renderText(action.summary ?? action.reason, roots(scope), timeZone)
  const payload = action.payload ? renderMap(action.payload, scope) : undefined
  if (!reason.ok || !summary.ok || (action.payload && !payload)) return undefined
  return {
    target: action.target,
    reason: reason.value,
    summary: summary.value,
    ...(payload ? { payload } : {}),
    ...(action.phase === undefined ? {} : { next_phase: action.phase }),
  }
}

type CallResult = { value: Json; isError: boolean } | { flow: Flow }

function* call(tool: string, args: Record<string, Json>, { world }: Scope): Dialogue<CallResult> {
  const verdict = world.canCall(tool, args)
  if (verdict !== 'yes') return { flow: verdict === 'cut' ? { kind: 'cut' } : failed }
  const reply = yield { kind: 'call', tool, args }
  if (reply.kind === 'result') return reply
  return { flow: { kind: 'cut' } }
}

function renderMap(value: ValueTemplate, scope: Scope): Record<string, Json> | undefined {
  const rendered = renderValueTree(value, roots(scope), scope.world.timeZone)
  return rendered.ok && isMap(rendered.value) ? rendered.value : undefined
}

function* confirm(action: ConfirmAction, scope: Scope): Dialogue<Flow> {
  for (let asked = 0; asked < MAX_CONFIRM_ASKS; asked += 1) {
    const said = yield* say(action.text, scope)
    if (said.kind !== 'done') return said
    const input = yield* hearAnswer(scope)
    if ('flow' in input) return input.flow
    const answer = readYesNo(input.lines.at(-1)?.sentence.words ?? [])
    if (answer === undefined && isUnderstood(scope, input)) return { kind: 'redirect', input }
    if (answer === undefined) continue
    scope.memory.misses = 0
    return yield* runActions(answer ? action.yes : action.no, scope)
  }
  return unheard
}

function* offerMenu(entries: readonly CompiledMenuEntry[], scope: Scope): Dialogue<Flow> {
  yield { kind: 'say', text: menuText(entries) }
  const input = yield* hearAnswer(scope)
  if ('flow' in input) return input.flow
  const words = input.lines.at(-1)?.sentence.words ?? []
  const chosen = chooseEntry(entries, words)
  if (chosen) return { kind: 'redirect', input: { ...input, chosen: chosen.intent } }
  return isUnderstood(scope, input) ? { kind: 'redirect', input } : unheard
}

/** How a menu is spoken. */
export function menuText(entries: readonly CompiledMenuEntry[]): string {
  const parts = entries.map(({ say: phrase, key }) => `say ${phrase}, or press ${key}`)
  return `You can ${parts.join('; ')}.`
}

function chooseEntry(entries: readonly CompiledMenuEntry[], words: readonly string[]): CompiledMenuEntry | undefined {
  const joined = ` ${words.join(' ')} `
  const named = entries.filter((entry) => entry.words.length > 0 && joined.includes(` ${entry.words.join(' ')} `))
  const longest = named.toSorted((a, b) => b.words.length - a.words.length)[0]
  if (longest) return longest
  const place = words.length <= 3 ? readPlace(words) : undefined
  return place === undefined ? undefined : entries.find(({ key }) => key === String(place))
}

function roots({ memory, words, rules }: Scope): Roots {
  return rootsOf(memory, words, rules.agent)
}
