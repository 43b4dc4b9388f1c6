import type { RunError } from '@parley/spec'
import { runDag } from './dag-run.ts'
import { runFlow } from './flow-run.ts'
import type { Frame } from './frame.ts'
import type { PreparedRegion } from './prepare.ts'
import type { RunScope } from './run-scope.ts'
import type { UnplannedStep } from './step-outcome.ts'

/** How a region ended. */
export type RegionEnd =
  | { type: 'completed' }
  | { type: 'failed'; error: RunError | undefined }
  | { type: 'stopped' }
  | { type: 'parked' }
  | { type: 'replan'; failed: UnplannedStep }

/** A region that is run, with where its steps look for data and how their keys begin. */
export interface RegionTask {
  scope: RunScope
  region: PreparedRegion
  frame: Frame
  /** Of the step that the region is in, with a slash; empty for the whole. */
  prefix: string
}

/** Runs a region that is inside of a step; handed down, since a step does not know how regions are run. */
export type RegionRunner = (task: RegionTask) => Promise<RegionEnd>

/** Runs the steps of a region until nothing is left to do, or nothing can be done at present. */
export function runRegion(task: RegionTask): Promise<RegionEnd> {
  return task.region.kind === 'dag' ? runDag(task, task.region, runRegion) : runFlow(task, task.region, runRegion)
}
