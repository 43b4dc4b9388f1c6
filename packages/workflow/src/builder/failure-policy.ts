import { checkOptions, ParleyError, type FailureActionName, type FailurePolicySpec } from '@parley/spec'
import { defaultFailurePolicy } from '../failure/failure-policy.ts'

/** What a failure policy is made of. Delays in seconds. */
export interface FailurePolicyOptions {
  /** @default 'retry' */
  onValidationFail?: FailureActionName
  /** @default 'retry' */
  onExecutionFail?: FailureActionName
  /** Attempts with the first. @default 2 */
  maxAttempts?: number
  /** Another spelling of `maxAttempts`: `n` means `max(1, n)` attempts. */
  maxRetries?: number
  /** @default 2 */
  maxReplans?: number
  /** Whether a later attempt is told what was wrong. @default true */
  retryWithFeedback?: boolean
  /** @default 0 */
  retryDelay?: number
  /** @default 1 */
  retryBackoff?: number
  /** When the action is used up. @default `fail` in a dag, `abort` in a flow */
  fallbackAction?: Exclude<FailureActionName, 'retry'>
  /** Name of a registered handler, of the action `custom`. */
  customHandler?: string
}

const policyOptions: readonly (keyof FailurePolicyOptions)[] = [
  'onValidationFail',
  'onExecutionFail',
  'maxAttempts',
  'maxRetries',
  'maxReplans',
  'retryWithFeedback',
  'retryDelay',
  'retryBackoff',
  'fallbackAction',
  'customHandler',
]

const actions: readonly string[] = ['retry', 'replan', 'skip', 'fail', 'abort', 'custom']

/**
 * Which failure of a step leads to what.
 * @throws {ParleyError} `invalid_options` for unknown options and actions, `maxRetries` beside `maxAttempts`, a
 * `fallbackAction` of `retry`, and `custom` without a handler
 */
export class FailurePolicy implements FailurePolicySpec {
  readonly onValidationFail: FailureActionName
  readonly onExecutionFail: FailureActionName
  readonly maxAttempts: number
  readonly maxReplans: number
  readonly retryWithFeedback: boolean
  readonly retryDelay: number
  readonly retryBackoff: number
  readonly fallbackAction?: Exclude<FailureActionName, 'retry'>
  readonly customHandler?: string
  readonly #given: ReadonlySet<string>

  constructor(options: FailurePolicyOptions = {}) {
    checkOptions('FailurePolicy', options, policyOptions)
    const { maxRetries, maxAttempts, fallbackAction, customHandler } = options
    this.#given = new Set(Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [name])))
    if (maxRetries !== undefined && maxAttempts !== undefined)
      throw refuse('FailurePolicy takes maxAttempts or maxRetries, not both. Keep maxAttempts.', 'maxRetries')
    this.onValidationFail = options.onValidationFail ?? defaultFailurePolicy.onValidationFail
    this.onExecutionFail = options.onExecutionFail ?? defaultFailurePolicy.onExecutionFail
    this.maxAttempts =
      maxAttempts ?? (maxRetries === undefined ? defaultFailurePolicy.maxAttempts : Math.max(1, maxRetries))
    this.maxReplans = options.maxReplans ?? defaultFailurePolicy.maxReplans
    this.retryWithFeedback = options.retryWithFeedback ?? defaultFailurePolicy.retryWithFeedback
    this.retryDelay = options.retryDelay ?? defaultFailurePolicy.retryDelay
    this.retryBackoff = options.retryBackoff ?? defaultFailurePolicy.retryBackoff
    if (fallbackAction !== undefined) this.fallbackAction = fallbackAction
    if (customHandler !== undefined) this.customHandler = customHandler
    this.#check()
  }

  /** Whether an option was given, and is not a default. */
  isGiven(option: keyof FailurePolicyOptions): boolean {
    return this.#given.has(option)
  }

  /** The policy as plain data. */
  toSpec(): FailurePolicySpec {
    const { onValidationFail, onExecutionFail, maxAttempts, maxReplans, fallbackAction, customHandler } = this
    const { retryWithFeedback, retryDelay, retryBackoff } = this
    return {
      onValidationFail,
      onExecutionFail,
      maxAttempts,
      maxReplans,
      retryWithFeedback,
      retryDelay,
      retryBackoff,
      ...(fallbackAction && { fallbackAction }),
      ...(customHandler && { customHandler }),
    }
  }

  #check(): void {
    const { onValidationFail, onExecutionFail, fallbackAction, customHandler } = this
    for (const [name, action] of Object.entries({ onValidationFail, onExecutionFail, fallbackAction }))
      if (action !== undefined && !actions.includes(action))
        throw refuse(`${name} of a FailurePolicy is "${action}". Use one of ${actions.join(', ')}.`, name)
    // The type leaves it out; plain JavaScript may give it all the same.
    if ((fallbackAction as string | undefined) === 'retry')
      throw refuse('fallbackAction "retry" would never end. Use skip, fail, abort, replan or custom.', 'fallbackAction')
    if ([onValidationFail, onExecutionFail, fallbackAction].includes('custom') && customHandler === undefined)
      throw refuse('The action "custom" needs customHandler, the name of a registered handler.', 'customHandler')
  }
}

function refuse(message: string, path: string): ParleyError {
  return new ParleyError({ code: 'invalid_options', message, details: { path } })
}
