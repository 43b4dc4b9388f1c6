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
 * `data` of a `step_delta`: what has been written since the last one of its channel, or, with `final`, the whole of it.
 * A `step_restart` of the channel takes back what came before.
 */
export interface DeltaData {
  channel: 'output' | 'thought' | 'instructions'
  text: string
  /** All of the channel, this piece included; of nodes without `stream_delta`. */
  so_far?: string
  /** The last one of its channel; only of steps that say what they stream. */
  final?: boolean
  /** Of an agent: which of its steps, from 1. */
  agent_step?: number
}
