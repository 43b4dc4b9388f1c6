import type { Instant, Json, RunStatus } from '@parley/spec'

/** What a run log tells of. */
export type LogEventType =
  | 'workflow_start'
  | 'workflow_complete'
  | 'step_start'
  | 'step_complete'
  | 'step_fail'
  | 'step_retry'
  | 'step_skip'
  | 'validation_start'
  | 'validation_complete'
  | 'validation_fail'

/** One entry of a run log, redacted. */
export interface LogEvent {
  timestamp: Instant
  eventType: LogEventType
  /** Absent in events of the run itself: `null`. */
  stepId: string | null
  /** Step key, attempt and what the moment carries, with the names of the wire. */
  data: { [key: string]: Json }
  /** `warn` of a retry and a skip, `error` of a failure. */
  level: 'info' | 'warn' | 'error'
  runId: string
  workflowName: string
}

/** A run in numbers. Steps count once, by their last state; items of a foreach do not count as steps. */
export interface RunSummary {
  /** Steps of the plan and those that were added later. */
  total: number
  completed: number
  failed: number
  skipped: number
  totalRetries: number
  totalDurationMs: number
  validationsPassed: number
  validationsFailed: number
}

/** A run as its log tells it. */
export interface RunLog {
  runId: string
  workflowName: string
  startedAt: Instant
  completedAt: Instant | null
  status: RunStatus
  events: LogEvent[]
  summary: RunSummary
  /** The steps as they were planned at the start. */
  initialPlan: Json
  /** Events beyond the limit of the logger, which sinks were given and this list was not. */
  omittedEvents: number
}
