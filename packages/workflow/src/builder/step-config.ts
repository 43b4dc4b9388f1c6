import { checkOptions, type ForeachPolicy } from '@parley/spec'

/** How a step is run. Times in seconds. The same keys may be given to `Step` itself. */
export interface StepConfigOptions {
  /** Attempts after the first: `n` means `n + 1` attempts. Absent: what the failure policy says. @default 0 */
  retries?: number
  /** Per attempt. @default none */
  timeout?: number
  /** A state key, an input key, the name of a step, or a path such as `steps.X.output.list`. */
  foreach?: string
  /** @default 'requireAll' */
  foreachPolicy?: ForeachPolicy
  /** Whether it may run beside steps that do not depend on it. @default false, or what the workflow says */
  parallel?: boolean
  maxConcurrency?: number
  /** @default 0 */
  retryDelay?: number
  /** @default 1 */
  retryBackoff?: number
  /** A factor between 0.5 and 1.5 on each delay. @default true */
  retryJitter?: boolean
  /** For every validator of the step. @default 30 */
  validationTimeout?: number
}

/** Names of the options of `StepConfig`. */
export const stepConfigOptions: readonly (keyof StepConfigOptions)[] = [
  'retries',
  'timeout',
  'foreach',
  'foreachPolicy',
  'parallel',
  'maxConcurrency',
  'retryDelay',
  'retryBackoff',
  'retryJitter',
  'validationTimeout',
]

/** Settings that several steps can share. @throws {ParleyError} `invalid_options` for unknown options */
export class StepConfig {
  readonly retries: number
  readonly timeout: number | undefined
  readonly foreach: string | undefined
  readonly foreachPolicy: ForeachPolicy
  readonly parallel: boolean
  readonly maxConcurrency: number | undefined
  readonly retryDelay: number
  readonly retryBackoff: number
  readonly retryJitter: boolean
  readonly validationTimeout: number
  /** What was said, without defaults: a default leaves the say to the policy and the workflow. */
  readonly given: Readonly<StepConfigOptions>

  constructor(options: StepConfigOptions = {}) {
    checkOptions('StepConfig', options, stepConfigOptions)
    this.given = Object.freeze({ ...options })
    this.retries = options.retries ?? 0
    this.timeout = options.timeout
    this.foreach = options.foreach
    this.foreachPolicy = options.foreachPolicy ?? 'requireAll'
    this.parallel = options.parallel ?? false
    this.maxConcurrency = options.maxConcurrency
    this.retryDelay = options.retryDelay ?? 0
    this.retryBackoff = options.retryBackoff ?? 1
    this.retryJitter = options.retryJitter ?? true
    this.validationTimeout = options.validationTimeout ?? 30
  }
}
