import type { Json } from '@parley/spec'
import type { CompiledAction, CompiledRules } from './compiled-rules.ts'
import type { Roots } from './data-path.ts'
import { rootsOf, type DialogueMemory } from './dialogue-memory.ts'
import type { HandoffReport, RequestOutcome } from './internal-note.ts'
import type { IntentMatch } from './match-intent.ts'
import type { Sentence } from './read-slot.ts'
import { renderText, type Template } from './template.ts'

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
  /** In a past turn: whether the record shows that these actions were done; `undefined` in the present one. */
  wasDone(actions: readonly CompiledAction[]): boolean | undefined
  /** The intent of a sentence in the present phase. */
  intentOf(sentence: Sentence): IntentMatch | undefined
  timeZone: string
}

/** How a list of actions ended. */
export type Flow =
  | { kind: 'done'; wasAsked?: boolean }
  | { kind: 'end' }
  /** An action could not be done (`isHeard`: after a person's answer that was not understood). */
  | { kind: 'failed'; isHeard: boolean }
  /** The person went on to something else. */
  | { kind: 'redirect'; input: TurnInput }
  | { kind: 'cut' }

/** A part of a dialogue: what it does, and what came of it. */
export type Dialogue<T> = Generator<DialogueStep, T, DialogueReply>

/** What the actions of a rule work with. */
export interface DialogueScope {
  rules: CompiledRules
  memory: DialogueMemory
  world: DialogueWorld
  /** The sentence the present rule began with. */
  words: string
  /** Result keys that came in the present rule. */
  arrived: Set<string>
  /** Answers a turn that came while something else was asked. */
  answer: (input: TurnInput) => Dialogue<Flow>
}

/** All was done. */
export const done: Flow = { kind: 'done' }

/** An action could not be done. */
export const failed: Flow = { kind: 'failed', isHeard: false }

/** The person answered, but was not understood. */
export const unheard: Flow = { kind: 'failed', isHeard: true }

/** Ends the turn and waits for the next one. */
export function* nextTurn(memory: DialogueMemory): Dialogue<TurnInput> {
  for (;;) {
    const reply = yield { kind: 'wait' }
    if (reply.kind !== 'turn') continue
    memory.hasSpoken = false
    return reply
  }
}

/** Says a fixed text. */
export function* speak(text: string, memory: DialogueMemory): Dialogue<void> {
  if (text === '') return
  memory.hasSpoken = true
  yield { kind: 'say', text }
}

/** Says a template; fails when a value is missing. */
export function* say(template: Template, scope: DialogueScope): Dialogue<Flow> {
  const rendered = renderText(template, rootsIn(scope), scope.world.timeZone)
  if (!rendered.ok) return failed
  yield* speak(rendered.value.trim(), scope.memory)
  return done
}

/** What templates and conditions of the present rule read. */
export function rootsIn({ memory, words, rules }: DialogueScope): Roots {
  return rootsOf(memory, words, rules.agent)
}
