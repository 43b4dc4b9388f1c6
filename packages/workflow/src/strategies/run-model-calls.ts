import { assertNever } from '@parley/spec'
import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { runRace } from './run-race.ts'
import { runSingle } from './run-single.ts'
import { runSpeculative } from './run-speculative.ts'

/**
 * Makes the model calls of one decision, by the strategy of its plan.
 * @throws {ParleyError} as `runRace` and `runSpeculative`; the signal's reason when aborted
 */
export function runModelCalls(plan: ModelCallPlan, ports: ModelCallPorts): Promise<ModelCallOutcome> {
  const { strategy = { type: 'single' } } = plan
  switch (strategy.type) {
    case 'single':
      return runSingle(plan, ports)
    case 'race':
      return runRace(plan, ports, strategy)
    case 'speculative':
      return runSpeculative(plan, ports, strategy)
    default:
      return assertNever(strategy)
  }
}
