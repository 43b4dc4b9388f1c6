import { ParleyError, safeErrorText, type FailureClass, type RunError } from '@parley/spec'

const classes: { readonly [code: string]: FailureClass } = {
  contract_input: 'validation',
  contract_output: 'validation',
  agent_output_invalid: 'validation',
  tool_result_invalid: 'validation',
  step_timeout: 'timeout',
  model_timeout: 'timeout',
  tool_timeout: 'timeout',
  budget_exceeded: 'budget',
  no_models_available: 'capability',
  capability_not_offered: 'capability',
  condition_error: 'condition',
  tool_denied: 'approval_rejected',
  wait_expired: 'timeout',
}

/** Any thrown value as an error whose text may be stored and shown. */
export function toStepError(thrown: unknown): ParleyError {
  if (ParleyError.isInstance(thrown)) return thrown
  return new ParleyError({ code: 'step_failed', message: safeErrorText(thrown), cause: thrown })
}

/** Of which kind a failure is. */
export function classOf(error: ParleyError): FailureClass {
  return (Object.hasOwn(classes, error.code) ? classes[error.code] : undefined) ?? 'execution'
}

/** An error as a run keeps it. */
export function toRunError(error: ParleyError, failure: FailureClass, step?: string): RunError {
  return {
    code: error.code,
    // Messages of our own errors name ids and limits; those of users' code were cleaned when they were wrapped.
    message: safeErrorText(error),
    class: failure,
    ...(step === undefined ? {} : { step }),
    ...(typeof error.details['exceeded'] === 'string' ? { exceeded: error.details['exceeded'] } : {}),
  }
}
