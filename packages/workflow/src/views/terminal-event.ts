import type { RunEventType } from '@parley/spec'

/** Events that end a run: each run has exactly one, last. */
export const terminalEventTypes: ReadonlySet<RunEventType> = new Set<RunEventType>([
  'run_completed',
  'run_failed',
  'run_cancelled',
  'run_budget_exceeded',
])
