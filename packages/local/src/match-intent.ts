import type { Json } from '@parley/spec'
import type { CompiledIntent, CompiledRules } from './compiled-rules.ts'
import { matchPattern } from './match-pattern.ts'
import type { Span } from './number-words.ts'
import { spansAt, type Sentence } from './read-slot.ts'

/** The intent a sentence has. */
export interface IntentMatch {
  intent: CompiledIntent
  fixedWords: number
  captures: Record<string, Json>
}

/**
 * Finds the intent that fits a sentence best: most fixed words, then priority, then file order. `phase` leaves out
 * intents of other phases; when it is not known all take part.
 */
export function matchIntent(rules: CompiledRules, sentence: Sentence, phase?: string): IntentMatch | undefined {
  const spans = new Map<string, Map<number, Span<Json>[]>>()
  const readSlotAt = (id: string, at: number): Span<Json>[] => {
    const slot = rules.slots.get(id)
    if (!slot) return []
    const places = spans.get(id) ?? new Map<number, Span<Json>[]>()
    spans.set(id, places)
    const read = places.get(at) ?? spansAt(slot, sentence, at)
    places.set(at, read)
    return read
  }
  let best: IntentMatch | undefined
  for (const intent of rules.intents) {
    if (phase !== undefined && intent.phases && !intent.phases.includes(phase)) continue
    for (const pattern of intent.patterns) {
      if (!pattern.needs.every((words) => sentence.words.some((word) => words.has(word)))) continue
      const match = matchPattern(pattern, sentence.words, readSlotAt)
      if (match && isBetter(match.fixedWords, intent.priority, best)) best = { intent, ...match }
    }
  }
  return best
}

function isBetter(fixedWords: number, priority: number, best: IntentMatch | undefined): boolean {
  if (!best || fixedWords !== best.fixedWords) return fixedWords > (best?.fixedWords ?? -1)
  return priority > best.intent.priority
}
