import type { CompiledRule, CompiledRules, CompiledSlot } from './compiled-rules.ts'
import { holds } from './condition.ts'
import {
  fillSlot,
  learnOutcome,
  learnReport,
  readsMasked,
  rootsOf,
  unmask,
  type DialogueMemory,
} from './dialogue-memory.ts'
import type { DialogueWorld, TurnInput } from './dialogue-step.ts'
import type { IntentMatch } from './match-intent.ts'
import { findSlot } from './read-slot.ts'

/** What rules are chosen by. */
export interface Knowledge {
  rules: CompiledRules
  memory: DialogueMemory
  world: DialogueWorld
}

/** Takes over what a turn brings: reports, outcomes, and the slots that sentences name; `except` is being asked for. */
export function learn({ rules, memory, world }: Knowledge, input: TurnInput, except?: CompiledSlot): void {
  for (const report of input.reports) learnReport(memory, report, rules)
  for (const outcome of input.outcomes) learnOutcome(memory, outcome, rules)
  for (const { sentence } of input.lines) {
    for (const slot of rules.slots.values()) {
      const value = slot === except ? undefined : findSlot(slot, sentence)
      if (value !== undefined) fillSlot(memory, slot, value)
    }
    const match = world.intentOf(sentence)
    for (const [id, value] of Object.entries(match?.captures ?? {})) {
      const slot = rules.slots.get(id)
      if (slot && slot !== except) fillSlot(memory, slot, value)
    }
  }
}

/** What a turn says. */
export interface Heard {
  match?: IntentMatch
  words: string
}

/** The latest line with an intent counts; what a colleague answered counts only when the agent takes over. */
export function hear({ rules, world }: Knowledge, input: TurnInput): Heard {
  const lines = input.lines.filter(({ isOverheard }) => !isOverheard || input.isOpening)
  const words = (lines.at(-1) ?? input.lines.at(-1))?.sentence.text ?? ''
  const chosen = rules.intents.find(({ id }) => id === input.chosen)
  if (chosen) return { match: { intent: chosen, fixedWords: 0, captures: {} }, words }
  for (const { sentence } of lines.toReversed()) {
    const match = world.intentOf(sentence)
    if (match) return { match, words: sentence.text }
  }
  return { words }
}

/** What a rule must fit. */
export interface Facts {
  intent?: string
  isOpening: boolean
  arrived: ReadonlySet<string>
  /** Only rules that wait for a result. */
  isAfterOnly: boolean
}

/** The first rule that fits, in file order. */
export function findRule(
  knowledge: Knowledge,
  words: string,
  facts: Facts,
  except?: ReadonlySet<CompiledRule>,
): CompiledRule | undefined {
  return knowledge.rules.rules.find((rule) => !except?.has(rule) && applies(rule, knowledge, words, facts))
}

function applies(
  { when, actions }: CompiledRule,
  { rules, memory, world }: Knowledge,
  words: string,
  facts: Facts,
): boolean {
  if (!when) return !facts.isAfterOnly
  const { intent, after, opening, slots, condition } = when
  if (opening !== undefined && opening !== facts.isOpening) return false
  if (intent !== undefined && intent !== facts.intent) return false
  if (after === undefined && facts.isAfterOnly) return false
  if (after !== undefined && !facts.arrived.has(after)) {
    if (intent === undefined || !Object.hasOwn(memory.results, after)) return false
  }
  for (const { slot, value } of slots) {
    const filled = Object.hasOwn(memory.slots, slot) ? memory.slots[slot] : undefined
    if (filled === undefined || (value !== undefined && JSON.stringify(filled) !== JSON.stringify(value))) return false
  }
  if (condition && readsMasked(memory, condition) && world.wasDone(actions) === true) {
    unmask(memory, rules, condition, true)
    return true
  }
  return condition === undefined || holds(condition, rootsOf(memory, words, rules.agent)) === true
}

/** Whether a rule answers the intent of a turn. */
export function isUnderstood(knowledge: Knowledge, input: TurnInput): boolean {
  const { match, words } = hear(knowledge, input)
  if (!match) return false
  const facts: Facts = { intent: match.intent.id, isOpening: false, arrived: new Set(), isAfterOnly: false }
  return knowledge.rules.rules.some((rule) => rule.when?.intent !== undefined && applies(rule, knowledge, words, facts))
}
