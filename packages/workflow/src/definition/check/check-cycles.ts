import { regionsOf, type DefinitionIndex } from './definition-index.ts'
import { findCycles } from './find-cycles.ts'
import type { FoundProblem } from './found-problem.ts'

/** Names that are shown of a circle. */
const MAX_SHOWN = 20

/** Steps of a dag that wait for each other in a circle, shown with arrows in the order of waiting. */
export function checkCycles(index: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  for (const { region, path } of regionsOf(index)) {
    if (region.kind !== 'dag') continue
    for (const circle of findCycles(region.steps)) {
      const [first = ''] = circle
      const shown =
        circle.length > MAX_SHOWN ? [...circle.slice(0, MAX_SHOWN), `(${circle.length - MAX_SHOWN} more)`] : circle
      found.push({
        code: 'workflow_cycle',
        path: `${path === '' ? '' : `${path}.`}steps.${first}.dependsOn`,
        message: `Steps wait for each other in a circle: ${[...shown, first].join(' -> ')}.`,
        fix: 'Take out one of these dependencies, or use a flow, which may loop.',
      })
    }
  }
  return found
}
