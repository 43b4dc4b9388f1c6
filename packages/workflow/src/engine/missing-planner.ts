import { ParleyError } from '@parley/spec'
import type { EngineParts } from './engine-parts.ts'
import type { PreparedWorkflow } from './prepare.ts'

/**
 * Refuses a workflow whose failures may ask for a new plan, on an engine that cannot make one.
 * @throws {ParleyError} `planner_missing`
 */
export function refuseMissingPlanner(
  { replanning: step }: PreparedWorkflow,
  { planner, router }: Pick<EngineParts, 'planner' | 'router'>,
): void {
  if (step === undefined || planner !== undefined || router !== undefined) return
  throw new ParleyError({
    code: 'planner_missing',
    message: `A failure of step "${step}" may lead to a new plan, and the engine has no planner and no model to plan with. Give planner or models to createEngine, or use another action.`,
    details: { path: `steps.${step}.failurePolicy`, step },
  })
}
