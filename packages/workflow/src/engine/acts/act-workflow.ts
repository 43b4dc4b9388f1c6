import { ParleyError, type Json } from '@parley/spec'
import type { Attempt } from '../attempt.ts'
import { argumentsOf } from './act-tool.ts'

/** Runs another workflow as a step, in the budget of this one. The key of the attempt makes it attach to a run that began before. */
export async function actWorkflow(attempt: Attempt): Promise<Json> {
  const { prepared, scope } = attempt
  const { step } = prepared
  const workflow = step.action === undefined ? undefined : scope.parts.workflows.get(step.action)
  if (workflow === undefined) {
    throw new ParleyError({
      code: 'unknown_reference',
      message: `Step "${step.id}" names the workflow "${step.action ?? ''}", which is not registered. Register it with the engine.`,
      details: { step: step.id, known: [...scope.parts.workflows.keys()] },
    })
  }
  const result = await scope.parts.runChild(workflow, argumentsOf(attempt), {
    idempotencyKey: attempt.idempotencyKey,
    taskId: scope.run.taskId,
    tenantId: scope.run.tenantId,
    budget: attempt.budget,
    signal: attempt.signal,
    depth: scope.depth + 1,
    parent: { runId: scope.run.id, stepKey: attempt.stepKey },
  })
  if (result.status === 'completed' || result.status === 'partial') {
    if (result.status === 'partial') {
      scope.hidden.partial = true
      attempt.isWhole = false
    }
    return result.output ?? null
  }
  throw new ParleyError({
    code: 'step_failed',
    message: `The workflow "${step.action ?? ''}" ended as ${result.status}: ${result.error?.message ?? 'no error was given'}`,
    details: { step: step.id, runId: result.id },
  })
}
