import type { WorkflowDefinition } from '@parley/spec'
import { readReferences, type StepReferences } from '../step-references.ts'
import { createLookup, walkSteps, type StepPlace } from '../walk-steps.ts'

/** A definition with what all checks look up in it, read once. */
export interface DefinitionIndex {
  readonly definition: WorkflowDefinition
  /** In order of the definition. */
  readonly places: readonly StepPlace[]
  readonly find: ReturnType<typeof createLookup>
  readonly referencesOf: (place: StepPlace) => StepReferences
}

/** Reads a definition for its checks. */
export function indexDefinition(definition: WorkflowDefinition): DefinitionIndex {
  const references = new Map<StepPlace, StepReferences>()
  const referencesOf = (place: StepPlace): StepReferences => {
    const known = references.get(place)
    if (known !== undefined) return known
    const read = readReferences(place.step)
    references.set(place, read)
    return read
  }
  return { definition, places: [...walkSteps(definition.root)], find: createLookup(), referencesOf }
}

/** The regions of a definition with the path of each (empty: the root) and the step around it. */
export function regionsOf({ definition, places }: DefinitionIndex): {
  region: WorkflowDefinition['root']
  path: string
  owner?: StepPlace
}[] {
  const inner = places.flatMap((place) =>
    place.step.region === undefined ? [] : [{ region: place.step.region, path: place.path, owner: place }],
  )
  return [{ region: definition.root, path: '' }, ...inner]
}
