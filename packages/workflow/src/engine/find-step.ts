import type { Region, StepDefinition } from '@parley/spec'

/** The step that a step key (`outer@1/inner@2#item`) or a path (`outer/inner`) names. */
export function findStep(root: Region, stepKey: string): StepDefinition | undefined {
  // The key of an item may hold anything, so it is cut off first.
  const [path = ''] = stepKey.split('#')
  let region: Region | undefined = root
  let found: StepDefinition | undefined
  for (const part of path.split('/')) {
    const [id] = part.split('@')
    found = region?.steps.find((step) => step.id === id)
    region = found?.region
  }
  return found
}
