import type { Budget, Json, RetryContext, ToolDescription } from '@parley/spec'

/** What a new plan is made of. */
export interface PlanRequest {
  /** What the run is for: the input's `goal`, else the description or the name of the workflow. */
  goal: string
  /** The plan that has failed, as a native document. */
  definition: { [key: string]: Json }
  /** What steps of the root have given; they are kept, by id. */
  completed: { [step: string]: Json }
  /** Paths of all steps that have ended, such as `outer/inner`: a plan has them, under their names. */
  settled: string[]
  /** The step that failed, and tokens of why. */
  failed: { step: string; context: RetryContext }
  /** What was wrong with the plan before, on the second try: codes and places, no text. */
  problems: { code: string; path: string }[]
  /** Functions that steps may name. */
  functions: string[]
  tools: ToolDescription[]
}

/** Makes a new plan for a run whose step has failed. */
export interface Planner {
  /**
   * Gives the steps of the new plan as a document writes them: `{ steps }`, `{ start, steps }` or `{ nodes }`. What it
   * spends is booked on the budget of the run.
   */
  plan(request: PlanRequest, options: { signal: AbortSignal; budget: Budget }): Promise<unknown>
}
