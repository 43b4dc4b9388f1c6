import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ParleyError, type FailureActionName, type FailureClass, type FailurePolicySpec } from '@parley/spec'
import { decideFailure, decideHandled, decideUnplanned, fallBack, type FailureFacts } from './decide-failure.ts'
import { defaultFailurePolicy, recoveryOf } from './failure-policy.ts'

const facts = (policy: Partial<FailurePolicySpec> = {}, given: Partial<FailureFacts> = {}): FailureFacts => ({
  class: 'execution',
  error: new ParleyError({ code: 'step_failed', message: 'It failed.' }),
  attempt: 1,
  replans: 0,
  region: 'dag',
  recovery: recoveryOf({}, { ...defaultFailurePolicy, ...policy }),
  abortIsFail: false,
  ...given,
})

test('6 the default policy: two attempts without delay, feedback, two plans, and what follows by region', () => {
  expect(defaultFailurePolicy).toEqual({
    onValidationFail: 'retry',
    onExecutionFail: 'retry',
    maxAttempts: 2,
    maxReplans: 2,
    retryWithFeedback: true,
    retryDelay: 0,
    retryBackoff: 1,
  })
  expect(recoveryOf({}, undefined).retry).toEqual({ maxAttempts: 2, delay: 0, backoff: 1, maxDelay: 60, jitter: true })
})

test('F-1 step, then workflow, then engine; the whole policy replaces', () => {
  const policy = (maxAttempts: number): FailurePolicySpec => ({ ...defaultFailurePolicy, maxAttempts })
  expect(recoveryOf({ failurePolicy: policy(3) }, policy(4), policy(5)).policy.maxAttempts).toBe(3)
  expect(recoveryOf({}, policy(4), policy(5)).policy.maxAttempts).toBe(4)
  expect(recoveryOf({}, undefined, policy(5)).retry.maxAttempts).toBe(5)
})

test('F-1 the default fallback is fail in a dag and abort in a flow', () => {
  expect(decideFailure(facts({}, { attempt: 2 }))).toEqual({ action: 'fail' })
  expect(decideFailure(facts({}, { attempt: 2, region: 'flow' }))).toEqual({ action: 'abort' })
  expect(decideFailure(facts({}, { attempt: 2, region: 'flow', abortIsFail: true }))).toEqual({ action: 'fail' })
})

test('F-2 maxAttempts counts the first attempt', () => {
  const decide = (attempt: number): string => decideFailure(facts({ maxAttempts: 3 }, { attempt })).action
  expect([1, 2, 3].map(decide)).toEqual(['retry', 'retry', 'fail'])
})

test('F-2 the delays of the step win over those of the policy', () => {
  const own = { maxAttempts: 4, delay: 1, backoff: 2, maxDelay: 3, jitter: false }
  expect(recoveryOf({ retry: own }, { ...defaultFailurePolicy, retryDelay: 9 }).retry).toEqual(own)
  expect(recoveryOf({}, { ...defaultFailurePolicy, retryDelay: 9, retryBackoff: 3 }).retry).toMatchObject({
    delay: 9,
    backoff: 3,
  })
})

test('6 execution, validation and timeout are tried again, other classes never', () => {
  const classes: readonly FailureClass[] = [
    'execution',
    'validation',
    'timeout',
    'budget',
    'cancelled',
    'capability',
    'approval_rejected',
    'condition',
  ]
  const retried = classes.filter((failure) => decideFailure(facts({}, { class: failure })).action === 'retry')
  expect(retried).toEqual(['execution', 'validation', 'timeout'])
})

test.each(['model_refused', 'model_unauthorized', 'model_quota', 'model_output_truncated', 'outcome_unknown'] as const)(
  '6 %s is never tried again',
  (code) => {
    expect(decideFailure(facts({}, { error: new ParleyError({ code, message: 'x' }) }))).toEqual({ action: 'fail' })
  },
)

test('6 a failed validation follows its own action', () => {
  const policy = { onValidationFail: 'skip', onExecutionFail: 'abort' } as const
  expect(decideFailure(facts(policy, { class: 'validation' }))).toEqual({ action: 'skip' })
  expect(decideFailure(facts(policy))).toEqual({ action: 'abort' })
})

test('6.2 two plans per run, then the fallback', () => {
  const policy = { onExecutionFail: 'replan', fallbackAction: 'skip' } as const
  expect([0, 1, 2].map((replans) => decideFailure(facts(policy, { replans })).action)).toEqual([
    'replan',
    'replan',
    'skip',
  ])
  expect(decideUnplanned(facts(policy))).toEqual({ action: 'skip' })
  expect(decideUnplanned(facts({ onExecutionFail: 'replan', fallbackAction: 'replan' }))).toEqual({ action: 'fail' })
})

test('6 a custom handler chooses; what it may not choose is the fallback, which never asks it again', () => {
  const policy = { onExecutionFail: 'custom', customHandler: 'h', fallbackAction: 'skip' } as const
  expect(decideFailure(facts(policy))).toEqual({ action: 'custom', handler: 'h' })
  expect(decideHandled(facts(policy), 'abort')).toEqual({ action: 'abort' })
  expect(decideHandled(facts(policy), 'retry')).toEqual({ action: 'retry' })
  expect(decideHandled(facts(policy, { attempt: 2 }), 'retry')).toEqual({ action: 'skip' })
  expect(decideHandled(facts(policy), undefined)).toEqual({ action: 'skip' })
  expect(decideHandled(facts(policy), 'custom')).toEqual({ action: 'skip' })
  expect(decideHandled(facts({ ...policy, fallbackAction: 'custom' }), undefined)).toEqual({ action: 'fail' })
  expect(decideHandled(facts(policy, { replans: 2 }), 'replan')).toEqual({ action: 'skip' })
})

test('6 every failure is decided, and no decision is endless', () => {
  const action = fc.constantFrom<FailureActionName>('retry', 'replan', 'skip', 'fail', 'abort', 'custom')
  fc.assert(
    fc.property(
      action,
      action,
      fc.constantFrom<Exclude<FailureActionName, 'retry'> | undefined>(
        undefined,
        'replan',
        'skip',
        'fail',
        'abort',
        'custom',
      ),
      fc.constantFrom<FailureClass>('execution', 'validation', 'timeout', 'budget'),
      fc.constantFrom('dag' as const, 'flow' as const),
      (onValidationFail, onExecutionFail, fallback, failure, region) => {
        const policy = {
          onValidationFail,
          onExecutionFail,
          customHandler: 'h',
          ...(fallback !== undefined && { fallbackAction: fallback }),
        }
        let attempt = 1
        let replans = 0
        for (let round = 0; round < 10; round++) {
          const given = facts(policy, { class: failure, attempt, replans, region })
          const decided = decideFailure(given)
          const { action: next } = decided.action === 'custom' ? decideHandled(given, 'retry') : decided
          expect(decideFailure(given)).toEqual(decided)
          if (next === 'retry') attempt += 1
          else if (next === 'replan') {
            replans += 1
            attempt = 1
          } else return
        }
        expect(fallBack(facts(policy))).toBe('reached')
      },
    ),
  )
})
