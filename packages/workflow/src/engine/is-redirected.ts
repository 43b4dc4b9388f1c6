import type { Json, StepDefinition } from '@parley/spec'
import type { PreparedStep } from './prepare.ts'
import type { RunScope } from './run-scope.ts'

/**
 * Whether a branching node has chosen a way that a later plan does not have: it chooses again then, since what it led to
 * was replaced. One whose way is still there is read, so that the token goes where it went before.
 */
export function isRedirected({ run, ended, recorded }: RunScope, { step }: PreparedStep, stepKey: string): boolean {
  if (run.planVersion === 1 || (step.kind !== 'if' && step.kind !== 'switch')) return false
  const known = ended.get(stepKey) ?? recorded.get(stepKey)
  return known?.status === 'completed' && !waysOf(step).includes(known.output ?? null)
}

function waysOf({ then, else: otherwise, switch: cases }: StepDefinition): (Json | undefined)[] {
  return cases === undefined ? [then, otherwise] : [...Object.values(cases.cases), cases.default]
}
