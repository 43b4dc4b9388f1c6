import type { Region } from '@parley/spec'
import { walkSteps } from '../definition/walk-steps.ts'
import type { RegisteredFunction } from '../step/step-context.ts'

/** The registered functions that the steps of a region name, by name. */
export function namedFunctions(
  root: Region,
  registered: ReadonlyMap<string, RegisteredFunction>,
): ReadonlyMap<string, RegisteredFunction> {
  const named = new Map<string, RegisteredFunction>()
  const add = (name: string | undefined): void => {
    const found = name === undefined ? undefined : registered.get(name)
    if (name !== undefined && found !== undefined) named.set(name, found)
  }
  for (const { step } of walkSteps(root)) {
    if (step.kind === 'fn') add(step.action)
    if (step.kind === 'tool') add(step.action?.replace(/^function:\/\//, ''))
    const { strategy } = step
    if (strategy.type === 'speculative' && typeof strategy.compare === 'object' && 'function' in strategy.compare) {
      add(strategy.compare.function)
    }
  }
  return named
}
