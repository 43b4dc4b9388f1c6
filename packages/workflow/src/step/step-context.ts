import type {
  CapabilityHint,
  ChatModel,
  Envelope,
  Json,
  Logger,
  RetryContext,
  Tier,
  ToolContext,
  ToolKernel,
  ToolResult,
} from '@parley/spec'

/** Values by name, as JSON. Untyped on purpose: what they are, contracts say. */
// oxlint-disable-next-line typescript/no-explicit-any -- `ctx.inputs.greet.toUpperCase()` is how steps are written
export type Inputs = { readonly [name: string]: any }

/** The shared keys of a run, as far as the step may see them. */
export interface ScopedState {
  /** @throws {ParleyError} `state_missing` without a fallback, `state_scope` outside `readKeys` */
  get(key: string): Json
  get<Fallback>(key: string, fallback: Fallback): Json | Fallback
  /** Kept with the success of the attempt. @throws {ParleyError} `state_scope`, `value_not_json`, `state_too_large` */
  set(key: string, value: unknown): void
  /** False for keys that the step may not read. */
  has(key: string): boolean
  /** Those that the step may read. */
  keys(): string[]
  /** A copy of what the step may read. */
  snapshot(): { [key: string]: Json }
}

/** Which model a step asks for. */
export interface StepModelOptions {
  model?: string
  tier?: Tier
  capabilities?: CapabilityHint[]
}

/** Tools as a step may use them: those of `allowedTools`, or all where it names none. */
export interface StepTools extends Pick<ToolKernel, 'describe'> {
  /**
   * @param context - of a room, for those who have one; absent: that of the step
   * @throws {ParleyError} `tool_not_allowed`
   */
  call(uri: string, args: Json, context?: ToolContext): Promise<ToolResult>
}

/** What an action is given. */
export interface StepContext {
  /** The run's input, frozen. */
  readonly input: Inputs
  /** Outputs of dependencies by name (skipped: `null`); the run's input where there are none. Copies. */
  readonly inputs: Inputs
  readonly state: ScopedState
  /** The item of a foreach. */
  readonly item?: Inputs[string]
  readonly itemIndex: number | undefined
  /** Absent on the first attempt. */
  readonly retryContext: RetryContext | undefined
  readonly runId: string
  readonly stepId: string
  /** From 1. */
  readonly attempt: number
  /** Aborted at the timeout, at a cancel, and when the run has been decided. */
  readonly signal: AbortSignal
  /** `run:step_key:attempt`; the same when an interrupted attempt runs again. */
  readonly idempotencyKey: string
  /** The envelopes that a call of this step must fit, outer to inner. */
  readonly budget: readonly Envelope[]
  /** A model that is routed, budgeted and receipted. */
  model(options?: StepModelOptions): ChatModel
  readonly tools: StepTools
  /** Counts calls of models that the engine does not see. @throws {ParleyError} `budget_exceeded` */
  incrementLlmCalls(count?: number): void
  /** Shows a piece of output while the step works. */
  emit(delta: string): void
  readonly log: Logger
}

/** What a step does. Gives JSON, or `SKIP`. */
export type StepAction = (context: StepContext) => unknown

/** Given by an action that has nothing to do: the step is skipped, its contract is not applied, dependents run. */
export const SKIP: unique symbol = Symbol.for('parley.workflow.skip')

/** An action under a name, so that a definition can be plain JSON. */
export interface RegisteredFunction {
  name: string
  /** Part of the definition's hash. @default '1' */
  version: string
  run: StepAction
}
