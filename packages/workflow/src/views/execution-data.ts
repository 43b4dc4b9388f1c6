import type { Json, RunError, RunStatus, SkipReason, StepStatus } from '@parley/spec'

/** One step of a finished run, as the terminal event carries it, with the names of the wire. */
export interface ExecutionStep {
  step_id: string
  status: StepStatus
  skip?: SkipReason
  model_id?: string
  cost_nano_usd: number | null
  latency_ms: number
  receipt_ids: string[]
}

/**
 * `data` of the events `run_completed`, `run_failed`, `run_cancelled` and `run_budget_exceeded`: the whole execution, with
 * the names of the wire.
 */
export interface ExecutionData {
  task_id: string
  session_id?: string
  status: RunStatus
  output: Json
  outputs: { [key: string]: Json }
  error?: RunError
  /** In order of `seq`; items of a foreach are not among them. */
  steps: ExecutionStep[]
  total_cost_nano_usd: number | null
  /** Sum over model calls. */
  total_latency_ms: number
  duration_ms: number
  usage: { [kind: string]: Json }
}

/**
 * `data` of a `step_delta`. Deltas pass through; what is stored is one of them with `final`, whose text is the whole of
 * its channel.
 */
export interface DeltaData {
  channel: 'output' | 'thought' | 'instructions'
  text: string
  final?: boolean
  /** Of an agent: which of its steps, from 1. */
  agent_step?: number
}
