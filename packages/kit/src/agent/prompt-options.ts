import type { Budget, ChatMessage, Contract, Json, JsonSchema, ParleyError, Usage, RequestOutcome } from '@parley/spec'
import type { RequestSpec } from '../core/turn-services.ts'
import type { LoopEvent, StepRecord } from './loop-event.ts'

/** How a task is put to an agent outside a room. */
export interface PromptOptions<T = unknown> {
  /** The answer is JSON of this contract; its parsed value is the output. */
  output?: Contract<T>
  /** For contracts that cannot say their own JSON Schema. */
  outputJsonSchema?: JsonSchema
  /** Model calls; the last gets no tools. @default 10 */
  maxSteps?: number
  /** The tools that may be called, of those that the agent has; globs. @default all */
  allowedTools?: readonly string[]
  /** Earlier messages, oldest first. */
  history?: ChatMessage[]
  /** Values the task is about; the model reads them as JSON. */
  inputs?: { [name: string]: Json }
  signal?: AbortSignal
  budget?: Budget
  sessionId?: string
  taskId?: string
  /** Makes idempotency keys of tools stable over repetitions. @default a new id */
  turnId?: string
  language?: string
  /** Who answers requests of tools; without it a tool that needs a person's yes is not run. */
  onRequest?: (spec: RequestSpec) => Promise<RequestOutcome>
}

/** Why `run` stopped. */
export type StopReason = 'output' | 'maxSteps' | 'empty' | 'budgetExceeded' | 'cancelled'

/** What `run` gives. */
export interface PromptResult<T = unknown> {
  /** The parsed output, else the text; null only if nothing was produced. */
  output: T | string | null
  steps: StepRecord[]
  stopped: StopReason
  usage: Usage
  costNanoUsd: number | null
  /** In USD; null when a price is unknown. */
  costUsd: number | null
  receiptIds: string[]
}

/** What `stream` gives; exactly one `end`, last. */
export type AgentEvent<T = unknown> =
  | Exclude<LoopEvent, { type: 'end' }>
  /** What a step says it is doing, where tools are asked for by structured output. */
  | { type: 'instructionsDelta'; text: string }
  | { type: 'output'; output: T | string }
  | { type: 'end'; result: PromptResult<T>; error?: ParleyError }
