import type { BudgetSpec, EnvelopeKind } from '../budget-port.ts'
import type { Usage } from '../chat-model.ts'
import type { ErrorCode } from '../error-codes.ts'
import type { Instant, Json, JsonSchema } from '../json.ts'
import type { FailureClass } from './failure.ts'

export type RunStatus =
  | 'pending'
  | 'planning'
  | 'running'
  | 'paused'
  | 'waiting'
  | 'completed'
  | 'partial'
  | 'failed'
  | 'cancelled'
  | 'budget_exceeded'

/** Statuses that never change again. */
export const terminalRunStatuses: readonly RunStatus[] = [
  'completed',
  'partial',
  'failed',
  'cancelled',
  'budget_exceeded',
]

export type StepStatus =
  | 'pending'
  | 'ready'
  | 'running'
  | 'validating'
  | 'retrying'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled'

export type AttemptStatus = 'running' | 'success' | 'failure' | 'cancelled' | 'lost' | 'unknown'

/** Why a step was skipped. */
export interface SkipReason {
  kind: 'sentinel' | 'condition' | 'policy' | 'dependency'
  /** The step that led to it. */
  because?: string
}

/** An error as it may be stored and shown. */
export interface RunError {
  code: ErrorCode | (string & {})
  message: string
  class?: FailureClass
  step?: string
  /** The cap that was reached, of `budget_exceeded`. */
  exceeded?: string
}

/** One execution of a definition. */
export interface RunRecord {
  id: string
  tenantId: string
  taskId: string
  status: RunStatus
  workflow: string
  definitionHash: string
  input: Json
  output?: Json
  outputs?: { [key: string]: Json }
  error?: RunError
  /** 1, and one more with each new plan. */
  planVersion: number
  sessionId?: string
  externalId?: string
  roomId?: string
  idempotencyKey?: string
  forkedFrom?: { runId: string; step: string }
  /** The step that this run is for, of a workflow that is a step of another one. */
  parent?: { runId: string; stepKey: string }
  pauseReason?: string
  budget?: BudgetSpec
  createdAt: Instant
  updatedAt: Instant
  startedAt?: Instant
  endedAt?: Instant
}

/** One node executed in a run. */
export interface StepRunRecord {
  runId: string
  /** `path@visit#item`. */
  stepKey: string
  step: string
  status: StepStatus
  seq: number
  output?: Json
  skip?: SkipReason
  /** Whether an output of speculation was verified. */
  verified?: boolean
  attempts: number
  startedAt?: Instant
  endedAt?: Instant
  durationMs?: number
  costNanoUsd: number | null
  modelId?: string
  receiptIds: string[]
  error?: RunError
  /** Instant before which the next attempt does not begin. */
  retryAt?: Instant
  /** Of an item of a foreach: its place in the list. */
  index?: number
  /** Of an item: what it writes to the state, once all items are done. */
  writes?: { [key: string]: Json }
  /** Of an item: the plan that it belongs to. Absent: the first one. */
  plan?: number
  /** Stands for several items of a foreach, which are its output; `readItemChunks` gives them one by one. */
  chunk?: true
}

/** One try of a step. */
export interface AttemptRecord {
  runId: string
  stepKey: string
  /** From 1. */
  attempt: number
  /** From 1; above when the attempt was interrupted and begun again. */
  dispatch: number
  status: AttemptStatus
  class?: FailureClass
  error?: RunError
  startedAt: Instant
  endedAt?: Instant
  durationMs?: number
  receiptIds: string[]
  /** The plan that it belongs to. Absent: the first one. */
  plan?: number
  /** Attempts of the step under earlier plans, which do not count for its policy. Absent: none. */
  before?: number
}

/** One movement of a budget; unique by key and kind. */
export interface LedgerEntry {
  runId: string
  /** `run:step_key:attempt:call:dispatch`. */
  key: string
  kind: 'reserve' | 'settle' | 'release'
  envelopes: { kind: EnvelopeKind; id: string }[]
  costNanoUsd: number | null
  tokens: number
  calls: number
  visits?: number
  basis?: 'usage' | 'estimate'
}

/** Something a run waits for. */
export interface WaitRecord {
  id: string
  runId: string
  stepKey: string
  kind: 'approval' | 'event' | 'timer'
  status: 'open' | 'resolved' | 'expired' | 'cancelled'
  /** SHA-256 of the token, hex. */
  tokenHash?: string
  name?: string
  match?: Json
  schema?: JsonSchema
  approvers?: string[]
  show?: string
  deadline?: Instant
  createdAt: Instant
  resolution?: WaitResolution
}

/** The answer to a wait. */
export interface WaitResolution {
  decision: 'approved' | 'rejected' | 'event' | 'timer' | 'timeout' | 'default'
  data?: Json
  by?: string
  idempotencyKey?: string
  at: Instant
}

/** A named message to a run; kept for 24 h for a wait that is opened later. */
export interface SignalRecord {
  id: string
  runId: string
  name: string
  data: Json
  at: Instant
  taken: boolean
}

export type RunEventType =
  | 'run_started'
  | 'plan_ready'
  | 'step_started'
  | 'step_retry'
  | 'step_skipped'
  | 'validation_start'
  | 'validation_complete'
  | 'validation_fail'
  | 'step_delta'
  | 'step_restart'
  | 'step_draft'
  | 'step_completed'
  | 'step_failed'
  | 'late_result'
  | 'wait_created'
  | 'wait_resolved'
  | 'wait_expired'
  | 'budget_warning'
  | 'budget_downgraded'
  | 'state_large'
  | 'run_paused'
  | 'run_resumed'
  | 'run_completed'
  | 'run_failed'
  | 'run_cancelled'
  | 'run_budget_exceeded'

/** Events that end a run: each run has one, last. */
export const terminalRunEvents: readonly RunEventType[] = [
  'run_completed',
  'run_failed',
  'run_cancelled',
  'run_budget_exceeded',
]

/** One thing that happened in a run. Stored, in order of `seq`, without gaps; one terminal event, last. */
export interface RunEvent {
  seq: number
  ts: Instant
  type: RunEventType
  runId: string
  step?: string
  stepKey?: string
  attempt?: number
  data: { [key: string]: Json }
}

export type TaskStatus =
  | 'pending'
  | 'planning'
  | 'running'
  | 'paused'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'budget_exceeded'

/** Account of the model calls that share a task id. */
export interface WorkflowTask {
  id: string
  tenantId: string
  status: TaskStatus
  partial?: boolean
  pausedReason?: string
  totalCostNanoUsd: number
  /** Calls whose price is not known. */
  unknownCosts: number
  /** Sum over calls. */
  totalLatencyMs: number
  wallMs: number
  callCount: number
  tokens: Usage
  budget?: BudgetSpec
  runs: string[]
  roomId?: string
  createdAt: Instant
  updatedAt: Instant
}
