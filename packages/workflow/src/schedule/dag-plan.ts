import type { StepDefinition } from '@parley/spec'

/** A `dag` region by positions: which step waits for which. */
export interface DagPlan {
  readonly steps: readonly StepDefinition[]
  /** Position of a step by its id. */
  readonly positions: ReadonlyMap<string, number>
  /** Positions that each step waits for, ascending. */
  readonly dependencies: readonly (readonly number[])[]
  /** Positions that wait for each step, ascending. */
  readonly dependents: readonly (readonly number[])[]
}

/** Reads the edges of a region once. Names of steps that do not exist are left out: a checked definition has none. */
export function planDag(steps: readonly StepDefinition[]): DagPlan {
  const positions = new Map(steps.map(({ id }, position) => [id, position]))
  const dependents: number[][] = steps.map(() => [])
  const dependencies = steps.map(({ dependsOn }, position) => {
    const found = [...new Set(dependsOn.flatMap((id) => positions.get(id) ?? []))].sort((one, other) => one - other)
    for (const dependency of found) dependents[dependency]?.push(position)
    return found
  })
  return { steps, positions, dependencies, dependents }
}
