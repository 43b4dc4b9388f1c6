import { asksToRepeat, askSlot } from './ask-person.ts'
import { findRule, hear, learn, type Facts } from './choose-rule.ts'
import type { CompiledRule, CompiledRules } from './compiled-rules.ts'
import type { DialogueMemory } from './dialogue-memory.ts'
import {
  done,
  failed,
  nextTurn,
  speak,
  unheard,
  type Dialogue,
  type DialogueScope,
  type DialogueWorld,
  type Flow,
  type TurnInput,
} from './dialogue-step.ts'
import { runActions } from './do-actions.ts'

const MAX_CHAINED_RULES = 8

/**
 * The conversation of one agent by its rules, as steps. It is driven from the first message of a conversation to the
 * present one each time; the same turns and results give the same steps.
 */
export function* dialogue(rules: CompiledRules, memory: DialogueMemory, world: DialogueWorld): Dialogue<never> {
  let input = yield* nextTurn(memory)
  for (;;) {
    learn({ rules, memory, world }, input)
    let flow = yield* answerTurn(rules, memory, world, input)
    // What was said while something else was asked has been learned where it was heard.
    while (flow.kind === 'redirect') flow = yield* answerTurn(rules, memory, world, flow.input)
    input = yield* nextTurn(memory)
  }
}

function* answerTurn(
  rules: CompiledRules,
  memory: DialogueMemory,
  world: DialogueWorld,
  input: TurnInput,
): Dialogue<Flow> {
  const hasLines = input.lines.some(({ isOverheard }) => !isOverheard)
  const heard = hear({ rules, memory, world }, input)
  if (!heard.match && input.chosen === undefined && hasLines && input.lastSaid !== '' && asksToRepeat(input)) {
    yield* speak(input.lastSaid, memory)
    return done
  }
  if (input.isOpening) memory.misses = 0
  for (const [slot, value] of Object.entries(heard.match?.intent.set ?? {})) memory.slots[slot] = value
  const arrived = new Set(input.outcomes.flatMap(({ tool }) => [tool, 'outcome', ...(rules.savesOf.get(tool) ?? [])]))
  const words = hasLines || !input.isOpening ? heard.words : openingWords(memory, heard.words)
  const answer = (later: TurnInput): Dialogue<Flow> => answerTurn(rules, memory, world, later)
  const scope: DialogueScope = { rules, memory, world, words, arrived, answer }
  const isAfterOnly = !hasLines && !input.isOpening && arrived.size > 0
  const facts: Facts = {
    isOpening: input.isOpening,
    arrived,
    isAfterOnly,
    ...(heard.match ? { intent: heard.match.intent.id } : {}),
  }
  const rule = findRule(scope, words, facts)
  // An outcome that no rule speaks of is no sentence that could be misunderstood; nor is nothing at all.
  if (!rule && (isAfterOnly || (!hasLines && !input.isOpening))) return done
  const flow = rule ? yield* followRule(rule, scope) : unheard
  // A rule that did all it had to and said nothing would leave the person in silence.
  const isSilent = flow.kind === 'done' && !isAfterOnly && !memory.hasSpoken
  if (flow.kind === 'failed' || isSilent) return yield* climbLadder(scope)
  if (flow.kind === 'done' || flow.kind === 'end') memory.misses = 0
  return flow
}

function openingWords({ payload, context }: DialogueMemory, words: string): string {
  for (const told of [payload['callerWords'], words, context['summary']])
    if (typeof told === 'string' && told !== '') return told
  return ''
}

/** Follows a rule, and the rules that wait for the results it brought. */
function* followRule(first: CompiledRule, scope: DialogueScope): Dialogue<Flow> {
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
    rule = findRule(scope, scope.words, { isOpening: false, arrived: scope.arrived, isAfterOnly: true }, followed)
  }
  return done
}

/** One entry of the fallback per sentence that was not understood; the last repeats. */
function* climbLadder(scope: DialogueScope): Dialogue<Flow> {
  const { rules, memory } = scope
  for (;;) {
    const last = rules.fallback.length - 1
    const position = Math.min(memory.misses, last)
    const entry = rules.fallback[position]
    memory.misses += 1
    const flow = entry ? yield* runActions([entry], scope) : failed
    if (flow.kind !== 'failed') return flow
    if (flow.isHeard || position < last) continue
    yield* speak(lastResort, memory)
    return done
  }
}

/** What is said when not even the last entry of the fallback can be done. */
export const lastResort = 'Sorry, I did not understand that, and I cannot pass you on from here.'
