import type { Json } from '@parley/spec'

/** Kinds of slots: what a value is and how it is read from what a person says. */
export const slotTypes = ['digits', 'number', 'date', 'amount', 'yesno', 'choice', 'text', 'lookup'] as const

/** Kind of a slot. */
export type SlotType = (typeof slotTypes)[number]

/** Something to learn from the person. */
export interface SlotRule {
  type: SlotType
  /** How it is asked. */
  prompt: string
  /** How it is asked again. @default the prompt */
  reprompt?: string
  /** How often it is asked again before the fallback. @default 2 */
  retries?: number
  /** Exact count of digits. */
  length?: number
  /** Least number, cents, digits or characters. */
  min?: number
  /** Greatest number, cents, digits or characters. */
  max?: number
  /** Ids, or ids with the phrases that mean them. */
  choices?: string[] | Record<string, string[]>
  /** A key of the model's `lookups`. */
  lookup?: string
  /** Never spoken: no text of the document may show it. @default false */
  sensitive?: boolean
}

/** Something a person may want. */
export interface IntentRule {
  patterns: string[]
  /** Phases in which it is understood. @default all */
  phases?: string[]
  /** Breaks ties between equally good matches; higher wins. @default 0 */
  priority?: number
  /** Slots the intent itself gives. */
  set?: Record<string, Json>
  /** What a person may say, for menus and descriptions. */
  examples?: string[]
}

/** One line of a menu. */
export interface MenuEntry {
  say: string
  key: string
  intent: string
}

/** What the agent does next; exactly one of `reply ask tool confirm handoff if menu end`. */
export type Action =
  | { reply: string }
  | { ask: string }
  | { tool: string; with?: Record<string, Json>; save?: string; on_error?: Action[] }
  | { confirm: string; yes?: Action[]; no?: Action[] }
  | {
      handoff: string
      reason: string
      summary?: string
      payload?: Record<string, Json>
      phase?: string
      on_error?: Action[]
    }
  | { if: string; then: Action[]; else?: Action[] }
  | { menu: MenuEntry[] }
  | { end: true }

/** When a rule applies; all that is named must hold. */
export interface RuleTrigger {
  intent?: string
  /** Slots that are filled, or the values they have. */
  slots?: string[] | Record<string, Json>
  if?: string
  /** A tool or a `save` key whose result has just come; beside `intent`: is there. */
  after?: string
  /** The agent opens its turn after a handoff. */
  opening?: boolean
}

/** One rule. */
export interface Rule {
  when?: RuleTrigger
  /** Slots asked for in order, one per turn, before anything is done. */
  need?: string[]
  do: Action[]
}

/** A rules file. */
export interface RulesDocument {
  parley_rules: 1
  agent: string
  synonyms?: Record<string, string[]>
  slots?: Record<string, SlotRule>
  intents?: Record<string, IntentRule>
  rules: Rule[]
  /** One entry per sentence in a row that was not understood; the last repeats. */
  fallback?: Action[]
}
