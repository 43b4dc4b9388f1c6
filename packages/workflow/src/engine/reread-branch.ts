import type { Json, StepRunRecord } from '@parley/spec'
import { isBranch } from './is-branch.ts'
import type { PreparedRegion } from './prepare.ts'
import { regionPrefix } from './region-prefix.ts'
import type { StepTask } from './settle-step.ts'

/**
 * Reads a branch again that the journal has ended: what it wrote is visible only at its join, which may be yet to come.
 * Nothing of it runs.
 */
export async function rereadBranch(task: StepTask, region: PreparedRegion, { attempts }: StepRunRecord): Promise<void> {
  const { scope, stepKey, frame: outer } = task
  if (!isBranch(task, region) || scope.branches.has(stepKey)) return
  const context = new Map<string, Json>()
  const frame = { outputs: new Map<string, Json>(), outer, context }
  const end = await task.runRegion({ scope, region, frame, prefix: regionPrefix(stepKey, attempts) })
  if (end.type === 'completed') scope.branches.set(stepKey, context)
}
