import type { Contract, RetrySpec, StepDefinition } from '@parley/spec'
import type { StepAction } from '../step/step-context.ts'
import type { Step } from './step.ts'

/** A step before it is part of a workflow: plain data, and what cannot be plain data beside it. */
export interface StepDraft {
  /** Without what depends on the workflow: the name of its function, its contracts, defaults of the workflow. */
  readonly definition: StepDefinition
  readonly run?: StepAction
  readonly inputContract?: Contract
  readonly outputContract?: Contract
  readonly steps?: readonly Step[]
  /** Absent: what the workflow says. */
  readonly parallel?: boolean
  /** Without `maxAttempts`: as many as the policy says. */
  readonly retry?: Partial<RetrySpec>
  /** A condition that is not compiled yet. */
  readonly conditionText?: string
}
