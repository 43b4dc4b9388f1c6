import { dataRoots, readTemplate, referencedStep, type StepReference } from '../step-references.ts'
import type { StepPlace } from '../walk-steps.ts'
import type { DefinitionCheckOptions } from './check-options.ts'
import type { DefinitionIndex } from './definition-index.ts'
import { hintFor as findHint, type FoundProblem } from './found-problem.ts'

/** Problems that come with a hint. */
const maxHints = 200

/** What templates, conditions, foreach and arguments name that does not exist: layers, steps, templates, input keys. */
export function checkReferences(index: DefinitionIndex, { unread }: DefinitionCheckOptions = {}): FoundProblem[] {
  const { definition, places, referencesOf, find } = index
  const found: FoundProblem[] = []
  // A hint compares a name with all others: a document full of wrong names would take minutes.
  const hintFor: typeof findHint = (name, known, otherwise) =>
    found.length < maxHints ? findHint(name, known, otherwise) : otherwise
  const inputKeys = declaredInputKeys(index)
  const rootIds = new Set(definition.root.steps.map(({ id }) => id))

  const look = (reference: StepReference, place: StepPlace | undefined): void => {
    const { field, path, text, how } = reference
    const [root, key] = path
    const report = (message: string, fix: string): void => {
      const who = place === undefined ? 'The outputs' : `The step "${place.step.id}"`
      found.push({
        code: 'unknown_reference',
        path: place === undefined ? field : `${place.path}.${field}`,
        ...(reference.inside && { inside: reference.inside }),
        message: `${who} ${place === undefined ? 'read' : 'reads'} ${text}, ${message}.`,
        fix,
      })
    }
    if (root === undefined) return
    const named = referencedStep(reference)
    if (named?.certain === true) {
      const isKnown = place === undefined ? rootIds.has(named.id) : find(place, named.id) !== undefined
      if (isKnown || unread?.has(named.id) === true) return
      const ids = (place?.region ?? definition.root).steps.map(({ id }) => id).filter((id) => id !== place?.step.id)
      report(`and there is no step "${named.id}"`, hintFor(named.id, ids, 'Name a step that exists.'))
      return
    }
    if (root === 'templates') {
      const names = Object.keys(definition.templates)
      if (key === undefined || !names.includes(key))
        report(`and there is no template "${key ?? ''}"`, hintFor(key ?? '', names, 'Declare it under templates.'))
      return
    }
    if (root === 'item') {
      if (!hasItem(place)) report('and there is no foreach around it', 'Give the step a foreach, or do not read item.')
      return
    }
    const isUnknownInput = (name: string | undefined): boolean =>
      name !== undefined && inputKeys !== undefined && !inputKeys.includes(name) && !reference.hasFallback
    if (root === 'input' && isUnknownInput(key))
      report(`and the input has no "${key}"`, hintFor(key ?? '', inputKeys ?? [], 'Declare it in the input contract.'))
    if (dataRoots.includes(root) || how === 'foreach' || how === 'argument') return
    // Names of their own: those of the input in prompt steps, those of the context in nodes' conditions.
    const isFlow = (place?.region ?? definition.root).kind === 'flow'
    if (how === 'condition' && isFlow) return
    if (how === 'template' && !isFlow && path.length === 1) {
      if (isUnknownInput(root))
        report(
          `and the input has no "${root}"`,
          hintFor(root, [...(inputKeys ?? []), ...dataRoots], 'Declare it in the input contract.'),
        )
      return
    }
    report(`and there is no "${root}" to read from`, hintFor(root, dataRoots, `Begin with ${dataRoots.join(', ')}.`))
  }

  for (const place of places) for (const reference of referencesOf(place).references) look(reference, place)
  for (const [key, text] of Object.entries(definition.outputs ?? {}))
    for (const reference of readTemplate(`outputs.${key}`, text).references) look(reference, undefined)
  return found
}

/** Keys that the input can have, where its contract says which; open contracts say nothing. */
function declaredInputKeys({ definition: { input } }: DefinitionIndex): string[] | undefined {
  if (input === undefined || 'name' in input) return undefined
  const { properties, additionalProperties, patternProperties } = input.schema
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return undefined
  const isOpen =
    (additionalProperties !== undefined && additionalProperties !== false) || patternProperties !== undefined
  return isOpen ? undefined : Object.keys(properties)
}

function hasItem(place: StepPlace | undefined): boolean {
  for (let at = place; at !== undefined; at = at.parent) if (at.step.foreach !== undefined) return true
  return false
}
