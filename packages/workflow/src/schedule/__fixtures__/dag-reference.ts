import type { SkipReason, StepDefinition } from '@parley/spec'
import type { DagOutcome } from '../dag-machine.ts'

/** How a step acts when it is let. */
export interface Act {
  outcome: Exclude<DagOutcome, 'cancelled'>
  skip?: Exclude<SkipReason['kind'], 'dependency'>
}

/** How a step ended. */
export type End = { outcome: DagOutcome; kind?: string; because?: string }

/** What a graph comes to when its steps are done one after the other, in an order in which dependencies come first. */
export function sequentialEnds(steps: readonly StepDefinition[], acts: ReadonlyMap<string, Act>): Map<string, End> {
  const ends = new Map<string, End>()
  const visit = (step: StepDefinition): void => {
    if (ends.has(step.id)) return
    for (const id of step.dependsOn) {
      const dependency = steps.find((one) => one.id === id)
      if (dependency !== undefined) visit(dependency)
    }
    const inOrder = steps.filter(({ id }) => step.dependsOn.includes(id))
    const cause = inOrder.find(({ id }) => {
      const end = ends.get(id)
      const isFault = end?.outcome === 'failed' || (end?.outcome === 'skipped' && end.kind === 'dependency')
      return isFault || (step.requires === 'success' && end?.outcome === 'skipped')
    })
    if (cause !== undefined) {
      ends.set(step.id, { outcome: 'skipped', kind: 'dependency', because: cause.id })
      return
    }
    const act = acts.get(step.id) ?? { outcome: 'completed' }
    ends.set(step.id, { outcome: act.outcome, ...(act.outcome === 'skipped' && { kind: act.skip ?? 'sentinel' }) })
  }
  for (const step of steps) visit(step)
  return ends
}
