import type { FailurePolicySpec, Region, StepDefinition } from '@parley/spec'
import { planDag } from '../../schedule/dag-plan.ts'

/**
 * Whether a step may be skipped for a reason of its own, so that those who depend on it run and see `null`: by its
 * condition, or by a policy that skips. (An action may return `SKIP` too, which nobody can know before.)
 */
export function maySkip(step: StepDefinition, workflowPolicy: FailurePolicySpec | undefined): boolean {
  if (step.condition !== undefined && step.kind !== 'if') return true
  // A failed item of a list leaves a hole; the step itself is not skipped.
  if (step.foreach !== undefined) return false
  const policy = step.failurePolicy ?? workflowPolicy
  if (policy === undefined) return false
  const { onValidationFail, onExecutionFail, fallbackAction } = policy
  const actions = [onValidationFail, onExecutionFail, fallbackAction]
  // A handler may answer with any action.
  return actions.includes('skip') || actions.includes('custom')
}

/** The steps of a region that may be skipped for any reason but a failure, also because others are. */
export function skippable(region: Region, workflowPolicy: FailurePolicySpec | undefined): ReadonlySet<string> {
  const may = new Set<number>()
  const cascades = new Set<number>()
  const plan = planDag(region.steps)
  const queue: number[] = []
  for (const [position, step] of region.steps.entries()) {
    if (!maySkip(step, workflowPolicy)) continue
    may.add(position)
    queue.push(position)
  }
  for (const at of region.kind === 'dag' ? queue : []) {
    for (const dependent of plan.dependents[at] ?? []) {
      const follows = cascades.has(at) || region.steps[dependent]?.requires === 'success'
      if (!follows || cascades.has(dependent)) continue
      cascades.add(dependent)
      may.add(dependent)
      queue.push(dependent)
    }
  }
  return new Set([...may].flatMap((position) => region.steps[position]?.id ?? []))
}
