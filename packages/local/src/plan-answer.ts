import type { Json } from '@parley/spec'
import type { CompiledAction, CompiledRules } from './compiled-rules.ts'
import { createDialogueMemory, learnResult } from './dialogue-memory.ts'
import { HANDOFF_TOOL_NAME, type DialogueWorld, type TurnInput } from './dialogue-step.ts'
import { dialogue } from './dialogue.ts'
import { ladderTexts, spokenText } from './ladder-texts.ts'
import { isMap, parseMap } from './internal-note.ts'
import { matchIntent, type IntentMatch } from './match-intent.ts'
import type { Sentence } from './read-slot.ts'
import type { RecordedCall, RecordedTurn } from './read-conversation.ts'

/** What is needed to plan an answer; the same input gives the same plan. */
export interface PlanInput {
  rules: CompiledRules
  /** The conversation, the turn to go on with last. */
  turns: readonly RecordedTurn[]
  /** Every line of the turns, made ready to be read. */
  sentences: ReadonlyMap<string, Sentence>
  /** Whether this turn offers a tool for these arguments. */
  isOffered: (tool: string, args: Record<string, Json>) => boolean
  /** The agent takes over from a colleague. */
  isOpening: boolean
  timeZone: string
  phase?: string
}

/** What the agent says, and the tool it calls after that. */
export interface Plan {
  text: string
  call?: { tool: string; args: Record<string, Json> }
}

/**
 * Plans the next piece of an answer: goes through the conversation again by the rules, with the tools' recorded results,
 * and stops where the record ends.
 */
export function planAnswer(input: PlanInput): Plan {
  const { rules, turns, timeZone, phase } = input
  const memory = createDialogueMemory()
  const calls = createCallReader(input)
  const world: DialogueWorld = {
    canCall: calls.canCall,
    wasDone: calls.wasDone,
    intentOf: rememberIntents(rules, phase),
    timeZone,
  }
  const steps = dialogue(rules, memory, world)
  steps.next()
  let lastSaid = ''
  for (const [index, turn] of turns.entries()) {
    const isLive = index === turns.length - 1
    calls.begin(turn, isLive)
    let text: string[] = []
    // What was said before anybody spoke is a greeting: no rule began it.
    const isTurn = turn.entries.length > 0 || isLive
    let step = isTurn ? steps.next(toTurnInput(turn, input, isLive, lastSaid)) : undefined
    while (step && step.value.kind !== 'wait') {
      if (step.value.kind === 'say') {
        text.push(step.value.text)
        step = steps.next({ kind: 'said' })
        continue
      }
      const { tool, args } = step.value
      const recorded = calls.take(tool, args)
      if (!recorded && isLive) return { text: text.join(' '), call: { tool, args } }
      text = []
      step = steps.next(recorded?.result ? { kind: 'result', ...recorded.result } : { kind: 'said' })
    }
    if (isLive) return { text: text.join(' ') }
    for (const { name, result } of calls.rest()) {
      if (result && !result.isError) learnResult(memory, name, result.value, rules.savesOf.get(name) ?? [])
    }
    lastSaid = turn.said.join(' ')
  }
  return { text: '' }
}

/** Matches each sentence once. */
function rememberIntents(rules: CompiledRules, phase: string | undefined): DialogueWorld['intentOf'] {
  const known = new Map<Sentence, IntentMatch | undefined>()
  return (sentence) => {
    if (!known.has(sentence)) known.set(sentence, matchIntent(rules, sentence, phase))
    return known.get(sentence)
  }
}

function toTurnInput(turn: RecordedTurn, input: PlanInput, isLive: boolean, lastSaid: string): TurnInput {
  const lines = turn.entries.flatMap((entry) => {
    const sentence = entry.kind === 'line' ? input.sentences.get(entry.text) : undefined
    return sentence && entry.kind === 'line' ? [{ sentence, isOverheard: entry.isOverheard }] : []
  })
  const reports = turn.entries.flatMap((entry) => (entry.kind === 'note' ? [entry.report] : []))
  const outcomes = turn.entries.flatMap((entry) => (entry.kind === 'outcome' ? [entry.outcome] : []))
  const isOpening =
    reports.length > 0 || turn.entries.some(({ kind }) => kind === 'opening') || (isLive && input.isOpening)
  return { kind: 'turn', lines, reports, outcomes, isOpening, lastSaid }
}

interface CallReader {
  begin(turn: RecordedTurn, isLive: boolean): void
  canCall(tool: string, args: Record<string, Json>): 'yes' | 'no' | 'cut'
  take(tool: string, args: Record<string, Json>): RecordedCall | undefined
  wasDone(actions: readonly CompiledAction[]): boolean | undefined
  rest(): readonly RecordedCall[]
}

/** Reads the calls of each turn in order; what was called could be called. */
function createCallReader({ rules, isOffered }: PlanInput): CallReader {
  const texts = ladderTexts(rules)
  let turn: RecordedTurn = { entries: [], said: [], calls: [] }
  let isLive = false
  let next = 0
  const find = (tool: string, args: Record<string, Json>): number =>
    turn.calls.findIndex((call, index) => index >= next && isSameCall(call, tool, args))
  return {
    begin(begun, live) {
      turn = begun
      isLive = live
      next = 0
    },
    canCall(tool, args) {
      if (find(tool, args) >= 0) return 'yes'
      if (isLive) return isOffered(tool, args) ? 'yes' : 'no'
      // A past turn without the call: either the tool was not offered and the fallback spoke, or the turn was cut short.
      const said = turn.said.join(' ')
      return texts.some((text) => said.includes(text)) ? 'no' : 'cut'
    },
    take(tool, args) {
      const index = find(tool, args)
      if (index < 0) return undefined
      next = index + 1
      return turn.calls[index]
    },
    wasDone: (actions) => (isLive && next >= turn.calls.length ? undefined : showsIn(actions, rules, turn, next)),
    rest: () => turn.calls.slice(next),
  }
}

function isSameCall(call: RecordedCall, tool: string, args: Record<string, Json>): boolean {
  if (call.name !== tool) return false
  if (tool !== HANDOFF_TOOL_NAME) return true
  const recorded = parseMap(call.arguments)
  return isMap(recorded) && recorded['target'] === args['target']
}

/** Whether the first thing one could see of these actions is in the record. */
function showsIn(actions: readonly CompiledAction[], rules: CompiledRules, turn: RecordedTurn, next: number): boolean {
  const [first] = actions
  if (!first) return false
  if (first.kind === 'tool') return turn.calls.slice(next).some(({ name }) => name === first.tool)
  if (first.kind === 'handoff') {
    const args = { target: first.target }
    return turn.calls.slice(next).some((call) => isSameCall(call, HANDOFF_TOOL_NAME, args))
  }
  if (first.kind === 'if') {
    return showsIn(first.then, rules, turn, next) || showsIn(first.otherwise, rules, turn, next)
  }
  const text = spokenText(first, rules)
  return text !== '' && turn.said.join(' ').includes(text)
}
