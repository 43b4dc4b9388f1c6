import type { StepDefinition } from '@parley/spec'
import { planDag, type DagPlan } from '../../schedule/dag-plan.ts'
import { orderSteps } from '../order-steps.ts'
import { regionsOf, type DefinitionIndex } from './definition-index.ts'
import type { FoundProblem } from './found-problem.ts'

/** Steps of a dag that may run together and write one key of the state, without a reducer that brings them together. */
export function checkWriteConflicts(index: DefinitionIndex): FoundProblem[] {
  const found: FoundProblem[] = []
  for (const { region, path } of regionsOf(index)) {
    if (region.kind !== 'dag') continue
    const writers = new Map<string, number[]>()
    for (const [position, step] of region.steps.entries())
      for (const key of keysWritten(step)) {
        const known = writers.get(key)
        if (known === undefined) writers.set(key, [position])
        else known.push(position)
      }
    let plan: OrderedPlan | undefined
    for (const [key, positions] of writers) {
      if (positions.length < 2) continue
      plan ??= orderedPlan(region.steps)
      const pair = findPair(plan, positions, key)
      if (pair === undefined) continue
      const [one, other] = pair
      found.push({
        code: 'write_conflict',
        path: `${path === '' ? '' : `${path}.`}steps.${other.id}.writeKeys`,
        message: `The steps "${one.id}" and "${other.id}" may run together and both write the key "${key}".`,
        fix: `Make one depend on the other, run both with parallel: false, or declare a reducer for "${key}".`,
      })
    }
  }
  return found
}

/** A plan, and where each position comes in the order of its dependencies. */
type OrderedPlan = DagPlan & { readonly ranks: readonly number[] }

function orderedPlan(steps: readonly StepDefinition[]): OrderedPlan {
  const plan = planDag(steps)
  // Steps of a circle have no rank: they come last.
  const ranks = steps.map(() => Infinity)
  for (const [rank, position] of orderSteps(plan).entries()) ranks[position] = rank
  return { ...plan, ranks }
}

/** Keys that a step says it writes, and its own name; a step without `writeKeys` may write any and claims none. */
function keysWritten(step: StepDefinition): Set<string> {
  const keys = new Set([step.id, ...(step.writeKeys ?? [])])
  if (step.output !== undefined) keys.add(step.output)
  for (const inner of step.region?.steps ?? []) {
    for (const key of keysWritten(inner)) if (key !== inner.id) keys.add(key)
    // Of branches of one token the state is shared, so a node's own name counts as well.
    if (step.region?.kind === 'flow') keys.add(inner.id)
  }
  return keys
}

function findPair(
  plan: OrderedPlan,
  positions: readonly number[],
  key: string,
): [StepDefinition, StepDefinition] | undefined {
  const steps = positions.flatMap((position) => plan.steps[position] ?? [])
  const reducers = new Set(steps.flatMap((step) => ownReducer(step, key) ?? []))
  // Two different reducers are none: nobody could say which one counts.
  if (reducers.size === 1) return undefined
  if (isChain(plan, positions)) return undefined
  for (const [index, position] of positions.entries()) {
    const step = plan.steps[position]
    // Steps of the serial lane never run together; each pair has one that is outside it.
    if (step === undefined || !step.parallel) continue
    const ordered = reach(plan, position)
    const clash = positions.findIndex((other, at) => at !== index && !ordered.has(other))
    const other = steps[clash]
    if (other !== undefined) return clash < index ? [other, step] : [step, other]
  }
  return undefined
}

function ownReducer({ reducers }: StepDefinition, key: string): string | undefined {
  return reducers !== undefined && Object.hasOwn(reducers, key) ? reducers[key] : undefined
}

/** Whether each position comes before the next one for certain, which is quick to see and most often so. */
function isChain({ dependents, ranks }: OrderedPlan, positions: readonly number[]): boolean {
  const rankOf = (position: number): number => ranks[position] ?? Infinity
  const sorted = positions.toSorted((one, other) => rankOf(one) - rankOf(other))
  return sorted.every((from, index) => {
    const to = sorted[index + 1]
    if (to === undefined) return true
    const queue = [from]
    const seen = new Set(queue)
    for (const at of queue)
      for (const next of dependents[at] ?? []) {
        if (next === to) return true
        // What comes after the one that is looked for does not lead to it.
        if (seen.has(next) || rankOf(next) >= rankOf(to)) continue
        seen.add(next)
        queue.push(next)
      }
    return false
  })
}

/** Positions that come before or after one for certain. */
function reach({ dependencies, dependents }: DagPlan, from: number): Set<number> {
  const reached = new Set<number>()
  for (const edges of [dependencies, dependents]) {
    const queue = [from]
    const seen = new Set(queue)
    for (const at of queue)
      for (const next of edges[at] ?? []) {
        if (seen.has(next)) continue
        seen.add(next)
        reached.add(next)
        queue.push(next)
      }
  }
  return reached
}
