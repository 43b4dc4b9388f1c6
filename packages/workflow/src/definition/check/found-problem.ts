import { nearestName, type WorkflowProblem } from '@parley/spec'

/** A problem before its place in a document is known. */
export interface FoundProblem extends Omit<WorkflowProblem, 'line' | 'column'> {
  /** Place within the text at `path`, from 1. */
  readonly inside?: { readonly line: number; readonly column: number }
}

/** Names that a hint is looked for among; more would take long and help nobody. */
const MAX_NAMES = 1000

/** What to do about a name that is not known. */
export function hintFor(name: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestName(name, known.slice(0, MAX_NAMES))
  return nearest === undefined ? otherwise : `Did you mean "${nearest}"?`
}
