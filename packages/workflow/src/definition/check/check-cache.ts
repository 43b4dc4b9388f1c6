import type { StepKind } from '@parley/spec'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** Kinds of steps whose output rests on what they are given, and is worth keeping. */
const cached: readonly StepKind[] = ['fn', 'llm', 'race', 'agent', 'tool', 'rag', 'workflow']

/** Steps whose output may not be reused: what they do besides giving it would be left out. */
export function checkCache({ places }: DefinitionIndex): FoundProblem[] {
  return places.flatMap(({ step: { id, kind, effect, cache }, path }) => {
    if (cache === undefined) return []
    const at = { code: 'document_invalid', path: `${path}.cache` }
    if (!cached.includes(kind)) {
      const message = `The step "${id}" is of kind ${kind}, whose output is not reused.`
      const fix = kind === 'region' ? 'Move "cache" to the steps inside.' : 'Remove "cache".'
      return [{ ...at, message, fix }]
    }
    if (effect === 'pure') return []
    const message = `The step "${id}" has a cache and is ${effect}: where its output is reused, its effect would not happen.`
    return [{ ...at, message, fix: 'Say "effect": "pure" if it changes nothing in the world, else remove "cache".' }]
  })
}
