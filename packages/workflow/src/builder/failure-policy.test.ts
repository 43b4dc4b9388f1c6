import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FailureAction } from './failure-action.ts'
import { FailurePolicy } from './failure-policy.ts'

test('6 what a policy says where nothing is said', () => {
  expect(new FailurePolicy().toSpec()).toEqual({
    onValidationFail: 'retry',
    onExecutionFail: 'retry',
    maxAttempts: 2,
    maxReplans: 2,
    retryWithFeedback: true,
    retryDelay: 0,
    retryBackoff: 1,
  })
})

test('6 actions have names', () => {
  expect(FailureAction).toEqual({
    RETRY: 'retry',
    REPLAN: 'replan',
    SKIP: 'skip',
    FAIL: 'fail',
    ABORT: 'abort',
    CUSTOM: 'custom',
  })
})

test('F-2 maxRetries n means max(1, n) attempts', () => {
  fc.assert(
    fc.property(fc.nat({ max: 20 }), (maxRetries) => {
      expect(new FailurePolicy({ maxRetries }).maxAttempts).toBe(Math.max(1, maxRetries))
    }),
  )
})

test('F-2 maxRetries and maxAttempts exclude each other', () => {
  expect(() => new FailurePolicy({ maxRetries: 2, maxAttempts: 2 })).toThrow(
    expect.objectContaining({ code: 'invalid_options' }),
  )
})

test('6 a fallback to another attempt, an unknown action and custom without a handler are refused', () => {
  // Plain JavaScript knows no types.
  expect(() => new FailurePolicy({ fallbackAction: 'retry' as 'skip' })).toThrow(/would never end/)
  expect(() => new FailurePolicy({ onExecutionFail: 'restart' as 'skip' })).toThrow(/Use one of retry, replan/)
  expect(() => new FailurePolicy({ onExecutionFail: 'custom' })).toThrow(/needs customHandler/)
  expect(new FailurePolicy({ onExecutionFail: 'custom', customHandler: 'mend' }).customHandler).toBe('mend')
})

test('1 an unknown option is refused with the nearest one', () => {
  expect(() => new FailurePolicy({ onExecutonFail: 'skip' } as object)).toThrow(/Did you mean "onExecutionFail"\?/)
})
