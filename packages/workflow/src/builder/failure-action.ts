import type { FailureActionName } from '@parley/spec'

/** What can be done about a failure, by name. */
export const FailureAction: { readonly [Name in FailureActionName as Uppercase<Name>]: Name } = {
  RETRY: 'retry',
  REPLAN: 'replan',
  SKIP: 'skip',
  FAIL: 'fail',
  ABORT: 'abort',
  CUSTOM: 'custom',
}
