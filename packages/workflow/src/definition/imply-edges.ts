import type { Region, StepDefinition } from '@parley/spec'
import { readReferences, referencedStep } from './step-references.ts'
import { createLookup, walkSteps } from './walk-steps.ts'

/**
 * The same region with an edge for every step whose output a step reads: by a template, its condition, its foreach or an
 * argument. What a step of an inner region reads of an outer one, the step around it waits for. Edges are without
 * repeats and in the order of the definition; names that mean no step stay, last, for the check to report.
 */
export function implyEdges(root: Region): Region {
  const implied = new Map<StepDefinition, string[]>()
  const find = createLookup()
  for (const place of walkSteps(root)) {
    for (const reference of readReferences(place.step).references) {
      const named = referencedStep(reference)
      if (named === undefined) continue
      const found = find(place, named.id)
      if (found === undefined || found.dependent.region.kind !== 'dag') continue
      // A foreach over `topics` in a step `topics` means the key.
      if (!named.certain && found.dependent.step.id === named.id) continue
      const edges = implied.get(found.dependent.step)
      if (edges === undefined) implied.set(found.dependent.step, [named.id])
      else edges.push(named.id)
    }
  }
  return withEdges(root, implied)
}

function withEdges(region: Region, implied: ReadonlyMap<StepDefinition, string[]>): Region {
  const positions = new Map(region.steps.map(({ id }, index) => [id, index]))
  const steps = region.steps.map((step) => {
    const edges = [...new Set([...step.dependsOn, ...(implied.get(step) ?? [])])]
    const dependsOn = edges.sort((one, other) => inOrder(one, other, positions))
    return { ...step, dependsOn, ...(step.region && { region: withEdges(step.region, implied) }) }
  })
  return { ...region, steps }
}

function inOrder(one: string, other: string, positions: ReadonlyMap<string, number>): number {
  const difference = (positions.get(one) ?? positions.size) - (positions.get(other) ?? positions.size)
  if (difference !== 0) return difference
  return one < other ? -1 : Number(one > other)
}
