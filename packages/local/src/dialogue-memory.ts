import { REDACTED, type Json } from '@parley/spec'
import type { CompiledRules, CompiledSlot } from './compiled-rules.ts'
import { pathsOfCondition, type Condition } from './condition.ts'
import type { Roots } from './data-path.ts'
import type { HandoffReport, RequestOutcome } from './internal-note.ts'
import type { LookupEntry } from './lookups.ts'
import { isSlotValue } from './read-slot.ts'

/** What is known in a conversation; made anew from its messages for every answer. */
export interface DialogueMemory {
  slots: Record<string, Json>
  results: Record<string, Json>
  payload: Record<string, Json>
  context: Record<string, Json>
  /** Slots for which several names fit, with those that do. */
  candidates: Map<string, readonly LookupEntry[]>
  /** Sentences in a row that were not understood. */
  misses: number
  /** Whether anything was said in the present turn. */
  hasSpoken: boolean
}

/** An empty memory. */
export function createDialogueMemory(): DialogueMemory {
  return { slots: {}, results: {}, payload: {}, context: {}, candidates: new Map(), misses: 0, hasSpoken: false }
}

/** What templates and conditions read of it. */
export function rootsOf({ slots, results, payload, context }: DialogueMemory, words: string, agent: string): Roots {
  return { slots, results, payload, context, words, agent }
}

/** Takes over a colleague's report; payload fields that are slots of this document fill them. */
export function learnReport(memory: DialogueMemory, report: HandoffReport, rules: CompiledRules): void {
  const { from, fromName, reason, summary, payload } = report
  memory.payload = payload
  memory.context = {
    ...payload,
    from,
    fromName,
    reason,
    summary,
    handoffFrom: from,
    handoffReason: reason,
    handoffSummary: summary,
    payload,
  }
  for (const [key, value] of Object.entries(payload)) {
    const slot = rules.slots.get(key)
    if (slot && isSlotValue(slot, value)) fillSlot(memory, slot, value)
  }
}

/** Takes over what became of a request; its result stands where the tool's own would. */
export function learnOutcome(memory: DialogueMemory, outcome: RequestOutcome, rules: CompiledRules): void {
  const { requestId, tool, status, result } = outcome
  memory.results['outcome'] = { requestId, tool, status, ...(result === undefined ? {} : { result }) }
  learnResult(memory, tool, result ?? { status, requestId }, rules.savesOf.get(tool) ?? [])
}

/** Keeps a tool's result under the tool's name and under the names it is saved by. */
export function learnResult(memory: DialogueMemory, tool: string, value: Json, saves: readonly string[]): void {
  for (const key of [tool, ...saves]) memory.results[key] = value
}

/** Fills a slot. */
export function fillSlot(memory: DialogueMemory, { id }: CompiledSlot, value: Json): void {
  memory.slots[id] = value
  memory.candidates.delete(id)
}

/** Whether a condition reads a result that the log keeps masked. */
export function readsMasked({ results }: DialogueMemory, condition: Condition): boolean {
  return pathsOfCondition(condition).some(([root, key]) => root === 'results' && isMasked(results, key))
}

/**
 * Learns what a masked result must have been from what was done after it: of `results.check.verified`, alone or compared
 * with a literal, the value that makes the condition hold or not.
 */
export function unmask(
  { results }: DialogueMemory,
  rules: CompiledRules,
  condition: Condition,
  didHold: boolean,
): void {
  const known =
    condition.kind === 'binary' && condition.operator === '==' && condition.right.kind === 'literal'
      ? condition.right.value
      : true
  const read = condition.kind === 'binary' ? condition.left : condition
  if (read.kind !== 'path' || read.path.length !== 3 || (!didHold && typeof known !== 'boolean')) return
  const [root, key, field] = read.path
  if (root !== 'results' || typeof field !== 'string' || !isMasked(results, key)) return
  const value: Json = { [field]: didHold ? known : !known }
  for (const [tool, saves] of rules.savesOf) {
    const keys = [tool, ...saves]
    if (keys.includes(String(key))) for (const name of keys) if (isMasked(results, name)) results[name] = value
  }
}

function isMasked(results: Record<string, Json>, key: string | number | undefined): boolean {
  return typeof key === 'string' && Object.hasOwn(results, key) && results[key] === REDACTED
}
