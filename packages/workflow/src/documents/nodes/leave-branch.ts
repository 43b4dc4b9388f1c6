import type { StepDefinition } from '@parley/spec'
import { nodeStep } from './node-to-step.ts'

/** Longest id of a step. */
const maxIdLength = 64

/**
 * The steps of a branch, which ends where they would lead to the join: a step that goes on there goes on nowhere. A choice
 * needs somewhere to lead to, so it leads to an end of the branch, which gives nothing.
 */
export function leaveAt(join: string, branch: string, steps: readonly StepDefinition[]): StepDefinition[] {
  const known = new Set(steps.map(({ id }) => id))
  let end = `end-of-${branch}`.slice(0, maxIdLength)
  while (known.has(end)) end = `_${end}`.slice(0, maxIdLength)
  const left = steps.map((step) => redirect(step, join, end))
  return left.some((step) => leadsTo(end, step)) ? [...left, nodeStep(end, 'end')] : left
}

function redirect(step: StepDefinition, join: string, end: string): StepDefinition {
  if (step.next === join) {
    const { next: _join, ...last } = step
    return last
  }
  const to = (target: string): string => (target === join ? end : target)
  const { then, else: otherwise, switch: choice } = step
  if (then !== undefined && otherwise !== undefined) return { ...step, then: to(then), else: to(otherwise) }
  if (choice === undefined) return step
  const cases = Object.fromEntries(Object.entries(choice.cases).map(([value, target]) => [value, to(target)]))
  return {
    ...step,
    switch: { ...choice, cases, ...(choice.default !== undefined && { default: to(choice.default) }) },
  }
}

function leadsTo(id: string, { then, else: otherwise, switch: choice }: StepDefinition): boolean {
  return [then, otherwise, choice?.default, ...Object.values(choice?.cases ?? {})].includes(id)
}
