import type { FailureActionName, FailureClass, ParleyError } from '@parley/spec'
import type { Recovery } from './failure-policy.ts'

/** What is done about a failed attempt. */
export type FailureDecision = HandledDecision | { action: 'custom'; handler: string }

/** The same once a custom handler has been asked. */
export type HandledDecision = FinalDecision | { action: 'retry' } | { action: 'replan' }

/** How a step that is not tried again ends. */
export type FinalDecision = { action: 'skip' | 'fail' | 'abort' }

/** All that a decision rests on. */
export interface FailureFacts {
  class: FailureClass
  error: ParleyError
  /** The attempt that failed, from 1. */
  attempt: number
  /** New plans that the run has had. */
  replans: number
  region: 'dag' | 'flow'
  recovery: Recovery
  abortIsFail: boolean
}

/** Errors that trying again does not mend: of models and tools, and of what a definition or its data look like. */
const finalCodes: ReadonlySet<string> = new Set([
  'model_refused',
  'model_unauthorized',
  'model_quota',
  'model_output_truncated',
  'model_request_invalid',
  'model_context_exceeded',
  'no_models_available',
  'tool_denied',
  'tool_not_allowed',
  'tool_unknown',
  'outcome_unknown',
  'state_scope',
  'template_unresolved',
  'foreach_missing',
  'foreach_not_list',
  'flow_switch_unmatched',
  'visits_exceeded',
  'limit_exceeded',
  'unknown_reference',
  'invalid_options',
  'internal_error',
])

/** Chooses what a failure leads to. Pure: equal facts, equal decisions. */
export function decideFailure(facts: FailureFacts): FailureDecision {
  const { policy, retry } = facts.recovery
  const wanted = facts.class === 'validation' ? policy.onValidationFail : policy.onExecutionFail
  if (wanted === 'retry' && facts.attempt < retry.maxAttempts && isRetryable(facts)) return { action: 'retry' }
  if (wanted === 'replan' && mayReplan(facts)) return { action: 'replan' }
  if (wanted === 'custom' && policy.customHandler !== undefined)
    return { action: 'custom', handler: policy.customHandler }
  if (wanted === 'retry' || wanted === 'replan' || wanted === 'custom') return fallBack(facts)
  return settle(wanted, facts)
}

/** What is left when an action is used up, or when a handler or a plan has failed. */
export function fallBack(facts: FailureFacts): FailureDecision {
  const { policy } = facts.recovery
  const action = policy.fallbackAction ?? (facts.region === 'dag' ? 'fail' : 'abort')
  if (action === 'replan') return mayReplan(facts) ? { action } : settle('fail', facts)
  if (action === 'custom')
    return policy.customHandler === undefined ? settle('fail', facts) : { action, handler: policy.customHandler }
  return settle(action, facts)
}

/**
 * What comes of the action that a custom handler has chosen. What it may not choose, or has not chosen in time, is the
 * fallback; one that leads back to the handler fails.
 */
export function decideHandled(facts: FailureFacts, chosen: FailureActionName | undefined): HandledDecision {
  if (chosen === 'retry' && facts.attempt < facts.recovery.retry.maxAttempts) return { action: 'retry' }
  if (chosen === 'replan' && mayReplan(facts)) return { action: 'replan' }
  if (chosen === 'skip' || chosen === 'fail' || chosen === 'abort') return settle(chosen, facts)
  return withoutHandler(fallBack(facts), facts)
}

/** What comes of a plan that could not be made. */
export function decideUnplanned(facts: FailureFacts): FinalDecision | { action: 'custom'; handler: string } {
  const { policy } = facts.recovery
  const decision = fallBack({ ...facts, replans: policy.maxReplans })
  return decision.action === 'retry' || decision.action === 'replan' ? settle('fail', facts) : decision
}

function withoutHandler(decision: FailureDecision, facts: FailureFacts): HandledDecision {
  return decision.action === 'custom' ? settle('fail', facts) : decision
}

/** A plan is for what a step could not do; not for what was cancelled or cannot be paid. */
function mayReplan({ class: failure, replans, recovery }: FailureFacts): boolean {
  return replans < recovery.policy.maxReplans && failure !== 'cancelled' && failure !== 'budget'
}

/** Whether another attempt can end differently. */
export function isRetryable({ class: failure, error }: Pick<FailureFacts, 'class' | 'error'>): boolean {
  if (failure !== 'execution' && failure !== 'validation' && failure !== 'timeout') return false
  return !finalCodes.has(error.code)
}

function settle(
  action: Exclude<FailureActionName, 'retry' | 'replan' | 'custom'>,
  { abortIsFail }: FailureFacts,
): FinalDecision {
  return { action: action === 'abort' && abortIsFail ? 'fail' : action }
}
