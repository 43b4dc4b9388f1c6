/** How an attempt failed. */
export type FailureClass =
  | 'execution'
  | 'validation'
  | 'timeout'
  | 'budget'
  | 'cancelled'
  | 'capability'
  | 'approval_rejected'
  | 'condition'

/** What is done about a failure. */
export type FailureActionName = 'retry' | 'replan' | 'skip' | 'fail' | 'abort' | 'custom'

/** When a step is tried again. Delays in seconds. */
export interface RetrySpec {
  /** With the first. */
  maxAttempts: number
  /** @default 0 */
  delay: number
  /** @default 1 */
  backoff: number
  /** @default 60 */
  maxDelay: number
  /** A factor between 0.5 and 1.5. @default true */
  jitter: boolean
}

/** Which failure leads to what. */
export interface FailurePolicySpec {
  onValidationFail: FailureActionName
  onExecutionFail: FailureActionName
  /** Attempts with the first. @default 2 */
  maxAttempts: number
  /** @default 2 */
  maxReplans: number
  /** Whether a later attempt is told what was wrong. @default true */
  retryWithFeedback: boolean
  /** Seconds. @default 0 */
  retryDelay: number
  /** @default 1 */
  retryBackoff: number
  /** When the action is used up. Absent: `fail` in a dag, `abort` in a flow. */
  fallbackAction?: Exclude<FailureActionName, 'retry'>
  /** Name of a registered handler, of `custom`. */
  customHandler?: string
}

/** What a later attempt may know of an earlier one: tokens of a fixed vocabulary, never text that somebody wrote. */
export interface RetryContext {
  /** The attempt that failed, from 1. */
  attempt: number
  errorType: 'execution' | 'validation'
  errorClass?: string
  failedFields?: string[]
  expectedTypes?: { [field: string]: string }
  actualTypes?: { [field: string]: string }
  guidance: string
}

/** One fault of a value, without the value. */
export interface ContractFault {
  /** Such as `a.b[0].c`; `<root>` for the value itself, `<internal>` for a validator that threw. */
  path: string
  /** A token of a type, such as `list[str]`. */
  expected: string
  actual: string
  message: string
  severity: 'error' | 'warning'
}
