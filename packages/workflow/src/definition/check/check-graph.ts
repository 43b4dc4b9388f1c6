import type { StepDefinition } from '@parley/spec'
import type { DefinitionCheckOptions } from './check-options.ts'
import { regionsOf, type DefinitionIndex } from './definition-index.ts'
import { hintFor, type FoundProblem } from './found-problem.ts'

/** Steps of one region with the same id. */
export function checkDuplicates(index: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  for (const { region, path } of regionsOf(index)) {
    const counts = new Map<string, number>()
    for (const { id } of region.steps) counts.set(id, (counts.get(id) ?? 0) + 1)
    for (const [id, count] of counts) {
      if (count === 1) continue
      found.push({
        code: 'duplicate_step',
        path: path === '' ? `steps.${id}` : `${path}.steps.${id}`,
        message: `${count} steps have the id "${id}".`,
        fix: 'Give each step of a region an id of its own.',
      })
    }
  }
  return found
}

/** Steps that wait for themselves. */
export function checkSelfDependencies({ places }: DefinitionIndex): FoundProblem[] {
  return places.flatMap(({ step, path, region }) =>
    region.kind === 'dag' && step.dependsOn.includes(step.id)
      ? [
          {
            code: 'self_dependency',
            path: `${path}.dependsOn`,
            message: `The step "${step.id}" depends on itself.`,
            fix: `Take "${step.id}" out of its dependsOn and of its own templates.`,
          },
        ]
      : [],
  )
}

/** Names of steps that do not exist: dependencies, and where a node goes on. */
export function checkStepNames(index: DefinitionIndex, { unread }: DefinitionCheckOptions = {}): FoundProblem[] {
  const found: FoundProblem[] = []
  for (const { region, path } of regionsOf(index)) {
    const known = new Set(region.steps.map(({ id }) => id))
    const names = [...known]
    const prefix = path === '' ? '' : `${path}.`
    const look = (field: string, name: string | undefined, who: string, own?: string): void => {
      if (name === undefined || known.has(name) || unread?.has(name) === true) return
      found.push({
        code: 'unknown_reference',
        path: `${prefix}${field}`,
        message: `${who} names the step "${name}", which does not exist here.`,
        // Nobody means the step itself.
        fix: hintFor(
          name,
          own === undefined ? names : names.filter((id) => id !== own),
          'Name a step of the same region.',
        ),
      })
    }
    if (region.kind === 'flow') look('start', region.start, 'The start of the flow')
    for (const step of region.steps) {
      const who = `The step "${step.id}"`
      if (region.kind === 'dag')
        for (const name of step.dependsOn) look(`steps.${step.id}.dependsOn`, name, who, step.id)
      else for (const [field, name] of targetsOf(step)) look(`steps.${step.id}.${field}`, name, who, step.id)
    }
  }
  return found
}

/** Where a node of a flow may go on, with the field that says so. */
export function targetsOf({ next, then, else: otherwise, switch: choice }: StepDefinition): [string, string][] {
  const targets: [string, string][] = []
  if (next !== undefined) targets.push(['next', next])
  if (then !== undefined) targets.push(['then', then])
  if (otherwise !== undefined) targets.push(['else', otherwise])
  for (const [value, target] of Object.entries(choice?.cases ?? {})) targets.push([`switch.cases.${value}`, target])
  if (choice?.default !== undefined) targets.push(['switch.default', choice.default])
  return targets
}
