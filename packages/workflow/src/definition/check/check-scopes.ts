import { readKeyOf } from '../step-references.ts'
import type { DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** What a step would read by a template, condition, foreach or argument outside its `readKeys`. */
export function checkScopes({ places, referencesOf }: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  for (const place of places) {
    const { step, path } = place
    if (step.readKeys === undefined) continue
    const readable = new Set(step.readKeys)
    for (const reference of referencesOf(place).references) {
      const key = readKeyOf(reference)
      if (key === undefined || readable.has(key)) continue
      found.push({
        code: 'state_scope',
        path: `${path}.${reference.field}`,
        ...(reference.inside && { inside: reference.inside }),
        message: `The step "${step.id}" reads ${reference.text}, and the key "${key}" is not in its readKeys.`,
        fix: `Add "${key}" to its readKeys, or do not read it.`,
      })
    }
  }
  return found
}
