import type { ModelCallOutcome, ModelCallPlan, ModelCallPorts } from './model-call.ts'
import { singleCall, type SingleCallOptions } from './single-call.ts'

/**
 * Asks one model for a whole answer, with the fallback chain behind it.
 * @throws the signal's reason when aborted
 */
export async function runSingle(
  plan: ModelCallPlan,
  ports: ModelCallPorts,
  options: SingleCallOptions = {},
): Promise<ModelCallOutcome> {
  const parts = singleCall(plan, ports, options)
  for (;;) {
    const step = await parts.next()
    if (step.done) return step.value
  }
}
