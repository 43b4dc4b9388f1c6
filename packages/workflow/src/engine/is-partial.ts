import type { StepRunRecord, WorkflowDefinition } from '@parley/spec'
import { findStep } from './find-step.ts'

/** Whether a policy has hidden a fault in what a journal has ended, so that the run is `partial` when it completes. */
export function isPartial(definition: WorkflowDefinition, stepRuns: readonly StepRunRecord[]): boolean {
  return stepRuns.some(({ stepKey, status, skip, verified }) => {
    if (status === 'skipped') return skip?.kind === 'policy'
    if (status === 'completed') return verified === false
    return (
      status === 'failed' &&
      stepKey.includes('#') &&
      findStep(definition.root, stepKey)?.foreach?.policy === 'allowPartial'
    )
  })
}
