import { ParleyError, type FailureClass } from '@parley/spec'
import {
  decideFailure,
  decideHandled,
  type FailureDecision,
  type FailureFacts,
  type HandledDecision,
} from '../failure/decide-failure.ts'
import type { PreparedStep } from './prepare.ts'
import type { RunScope } from './run-scope.ts'

/** A step that has failed, as far as its policy cares. */
export interface FailedWork {
  scope: RunScope
  prepared: PreparedStep
  region: 'dag' | 'flow'
}

/** How long a handler of failures may think, in milliseconds. */
export const HANDLER_MS = 30_000

/** What the decision about a failure rests on. */
export function factsOf(
  { scope, prepared, region }: FailedWork,
  failure: { error: ParleyError; class: FailureClass; attempt: number },
): FailureFacts {
  return {
    ...failure,
    replans: scope.counts.replans,
    region,
    recovery: prepared.recovery,
    abortIsFail: scope.workflow.compiled.definition.compat.abortIsFail ?? false,
  }
}

/** What is done about a failure; a custom handler is asked where the policy names one. */
export async function resolveDecision(
  work: FailedWork,
  facts: FailureFacts,
  decision: FailureDecision = decideFailure(facts),
): Promise<HandledDecision> {
  if (decision.action !== 'custom') return decision
  const { scope, prepared } = work
  const handler = scope.parts.handlers.get(decision.handler)
  if (handler === undefined) {
    scope.parts.onError(
      new ParleyError({
        code: 'unknown_reference',
        message: `The policy of step "${prepared.step.id}" names the handler "${decision.handler}", which the engine does not have; the fallback was taken. Give it to createEngine under handlers.`,
        details: { step: prepared.step.id, handler: decision.handler },
      }),
    )
    return decideHandled(facts, undefined)
  }
  const chosen = await askHandler(scope, () =>
    handler({
      step: prepared.step.id,
      attempt: facts.attempt,
      errorCode: facts.error.code,
      class: facts.class,
      signal: scope.signal,
    }),
  )
  return decideHandled(facts, chosen)
}

async function askHandler<T>(scope: RunScope, ask: () => T | Promise<T>): Promise<T | undefined> {
  const timeout = new AbortController()
  const late = scope.clock.sleep(HANDLER_MS, { signal: timeout.signal }).then(
    () => undefined,
    () => undefined,
  )
  try {
    return await Promise.race([Promise.resolve().then(ask), late])
  } catch (error) {
    scope.parts.onError(
      new ParleyError({
        code: 'hook_failed',
        message: 'A handler of failures failed itself; the fallback of the policy was taken.',
        cause: error,
      }),
    )
    return undefined
  } finally {
    timeout.abort()
  }
}
