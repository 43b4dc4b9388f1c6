import type { Json } from '@parley/spec'
import type { Condition } from './condition.ts'
import type { Pattern } from './pattern.ts'
import type { SlotType } from './rules-document.ts'
import type { Template } from './template.ts'
import type { ValueTemplate } from './value-template.ts'

/** A slot, ready to be read. */
export interface CompiledSlot {
  id: string
  type: SlotType
  prompt: Template
  reprompt: Template
  retries: number
  length?: number
  min?: number
  max?: number
  /** Phrases of each choice, folded, in file order. */
  choices: readonly { id: string; phrases: readonly (readonly string[])[] }[]
  lookup?: string
  sensitive: boolean
  /** Words that name the slot in a sentence. */
  names: readonly (readonly string[])[]
  /** Whether another slot takes the same kind of value, so that a sentence must name which one it means. */
  isShared: boolean
}

/** An intent, ready to be matched. */
export interface CompiledIntent {
  id: string
  patterns: readonly Pattern[]
  phases?: readonly string[]
  priority: number
  set: Record<string, Json>
  examples: readonly string[]
}

/** One line of a menu, its words folded. */
export interface CompiledMenuEntry {
  say: string
  words: readonly string[]
  key: string
  intent: string
}

/** An action, ready to be done. */
export type CompiledAction =
  | { kind: 'reply'; text: Template }
  | { kind: 'ask'; slot: string }
  | { kind: 'tool'; tool: string; with: ValueTemplate; save: string; onError?: readonly CompiledAction[] }
  | { kind: 'confirm'; text: Template; yes: readonly CompiledAction[]; no: readonly CompiledAction[] }
  | {
      kind: 'handoff'
      target: string
      reason: Template
      summary?: Template
      payload?: ValueTemplate
      phase?: string
      onError?: readonly CompiledAction[]
    }
  | { kind: 'if'; condition: Condition; then: readonly CompiledAction[]; otherwise: readonly CompiledAction[] }
  | { kind: 'menu'; entries: readonly CompiledMenuEntry[] }
  | { kind: 'end' }

/** When a rule applies. */
export interface CompiledTrigger {
  intent?: string
  slots: readonly { slot: string; value?: Json }[]
  condition?: Condition
  after?: string
  opening?: boolean
}

/** A rule, ready to be followed. */
export interface CompiledRule {
  when?: CompiledTrigger
  need: readonly string[]
  actions: readonly CompiledAction[]
}

/** A rules document, checked and compiled. */
export interface CompiledRules {
  agent: string
  slots: ReadonlyMap<string, CompiledSlot>
  intents: readonly CompiledIntent[]
  rules: readonly CompiledRule[]
  fallback: readonly CompiledAction[]
  /** Keys under which the results of a tool are saved anywhere in the document. */
  savesOf: ReadonlyMap<string, readonly string[]>
}
