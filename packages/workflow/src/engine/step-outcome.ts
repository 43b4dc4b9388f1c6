import type { Json, RunError, SkipReason } from '@parley/spec'
import type { FailureFacts } from '../failure/decide-failure.ts'
import type { PreparedStep } from './prepare.ts'

/** How a step ended, for the region that it is in. */
export type StepOutcome =
  | { type: 'completed'; output: Json }
  | { type: 'skipped'; reason: SkipReason }
  /** `abort`: the run is decided by it. */
  | { type: 'failed'; error: RunError; abort: boolean }
  | { type: 'cancelled' }
  /** Nothing goes on here until a wait is answered or the run is resumed; it is begun anew then. */
  | { type: 'parked' }
  /** The rest of the run is to be planned anew. */
  | { type: 'replan'; failed: UnplannedStep }

/** A step that only a new plan can help. */
export interface UnplannedStep {
  stepKey: string
  prepared: PreparedStep
  region: 'dag' | 'flow'
  /** What its policy rests on when there is no new plan. */
  facts: FailureFacts
}
