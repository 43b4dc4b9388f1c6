import type { Action, RulesDocument } from './rules-document.ts'

/** The ladder of a document without `fallback`: a rephrased question, a menu of the intents with examples, the desk. */
export function defaultFallback({ intents = {} }: RulesDocument): Action[] {
  const entries = Object.entries(intents).flatMap(([intent, { examples = [] }]) =>
    examples[0] === undefined ? [] : [{ say: examples[0], intent }],
  )
  const menu = entries.slice(0, 9).map((entry, index) => ({ ...entry, key: String(index + 1) }))
  return [
    { reply: 'Sorry, I did not understand. Could you say it in other words?' },
    ...(menu.length > 0 ? [{ menu }] : []),
    { handoff: 'human', reason: 'not understood' },
  ]
}
