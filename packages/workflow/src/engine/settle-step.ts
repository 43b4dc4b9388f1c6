import {
  toUsd,
  type FailureClass,
  type Json,
  type ParleyError,
  type RunError,
  type SkipReason,
  type StepRunRecord,
} from '@parley/spec'
import type { Attempt } from './attempt.ts'
import { classOf, toRunError, toStepError } from './failure.ts'
import type { Frame } from './frame.ts'
import { keepAttempt } from './keep-attempt.ts'
import type { PreparedStep } from './prepare.ts'
import { factsOf, resolveDecision } from './resolve-decision.ts'
import type { LaneStep } from '../schedule/lanes.ts'
import type { RegionRunner } from './run-region.ts'
import { instant, note, tell, type RunScope } from './run-scope.ts'
import type { StepOutcome } from './step-outcome.ts'

/** A step of a region, to be run or to be read from the journal. */
export interface StepTask {
  scope: RunScope
  prepared: PreparedStep
  frame: Frame
  stepKey: string
  region: 'dag' | 'flow'
  /** What the journal says of it is not read: it is done once more. */
  isAnew?: boolean
  /** Of a region that runs fewer steps at once than the whole run. */
  limit?: LaneStep['region']
  /** For a step that is a region itself. */
  runRegion: RegionRunner
}

/** A step that is under way. */
export interface StepTimes {
  seq: number
  startedMs: number
}

/** Keeps an output and what the step wrote, in one commit; nothing sees it before. */
export async function settleOutput(
  task: StepTask,
  times: StepTimes,
  output: Json,
  writes: ReadonlyMap<string, Json> | undefined,
  attempt?: Attempt,
): Promise<StepOutcome> {
  const { scope, prepared, frame } = task
  const { step } = prepared
  try {
    writeOutput(task, output, writes)
  } catch (thrown) {
    const error = toStepError(thrown)
    if (attempt !== undefined) keepAttempt(attempt, 'failure', { error, class: classOf(error) })
    return settleByPolicy(task, times, error)
  }
  // With the output, not before: an attempt that succeeded without one would be made again.
  if (attempt !== undefined && !attempt.isKept) keepAttempt(attempt, 'success')
  const record = recordOf(task, times, 'completed', attempt, { output })
  scope.writer.stepRun(record)
  const data: { [key: string]: Json } = {
    model_id: attempt?.modelId ?? null,
    latency_ms: record.durationMs ?? 0,
    cost_usd: attempt === undefined || attempt.costNanoUsd === null ? null : toUsd(attempt.costNanoUsd),
    receipt_ids: attempt?.receiptIds ?? [],
  }
  if (attempt?.isReused === true) data['cached'] = true
  if (scope.recordsPayloads) data['output'] = scope.redact(output)
  note(scope, 'step_completed', { step: step.id, stepKey: task.stepKey }, data)
  await scope.writer.flush()
  frame.outputs.set(step.id, output)
  scope.ended.set(task.stepKey, record)
  if (attempt?.verified === false) scope.hidden.partial = true
  const told = tell(scope, 'onStepComplete', { step: step.id, stepKey: task.stepKey }, data)
  if (told !== undefined) await told
  return { type: 'completed', output }
}

/** Keeps a skip; dependents see `null`. */
export async function settleSkip(
  task: StepTask,
  times: StepTimes,
  reason: SkipReason,
  attempt?: Attempt,
): Promise<StepOutcome> {
  const { scope, prepared, frame, stepKey } = task
  const { step } = prepared
  if (attempt !== undefined && !attempt.isKept) keepAttempt(attempt, 'success')
  const record = recordOf(task, times, 'skipped', attempt, { skip: reason })
  if (reason.kind === 'policy') writeOutput(task, null, undefined)
  scope.writer.stepRun(record)
  const data: { [key: string]: Json } = {
    kind: reason.kind,
    ...(reason.because === undefined ? {} : { because: reason.because }),
  }
  note(scope, 'step_skipped', { step: step.id, stepKey }, data)
  await scope.writer.flush()
  frame.outputs.set(step.id, null)
  scope.ended.set(stepKey, record)
  const told = tell(scope, 'onStepSkip', { step: step.id, stepKey }, data)
  if (told !== undefined) await told
  return { type: 'skipped', reason }
}

/** Keeps a failure; where it aborts, the region that the step is in decides the run by it. */
export async function settleFailure(
  task: StepTask,
  times: StepTimes,
  error: ParleyError,
  attempt: Attempt | undefined,
  isAbort: boolean,
): Promise<StepOutcome> {
  const { scope, prepared, stepKey } = task
  const failure = toRunError(error, classOf(error), prepared.step.id)
  const record = recordOf(task, times, 'failed', attempt, { error: failure })
  scope.writer.stepRun(record)
  // The failure of an attempt has been told of by the attempt.
  const told = attempt === undefined ? noteFailure(task, failure) : undefined
  if (told !== undefined) await told
  await scope.writer.flush()
  scope.ended.set(stepKey, record)
  scope.firstError(failure)
  return { type: 'failed', error: failure, abort: isAbort }
}

function noteFailure({ scope, prepared, stepKey }: StepTask, failure: RunError): Promise<void> | undefined {
  const place = { step: prepared.step.id, stepKey }
  const data = {
    class: failure.class ?? 'execution',
    error: { code: failure.code, message: failure.message },
    final: true,
  }
  note(scope, 'step_failed', place, data)
  return tell(scope, 'onStepFail', place, data)
}

/** Keeps that a step was told to end. */
export async function settleCancel(task: StepTask, times: StepTimes): Promise<StepOutcome> {
  const { scope, stepKey } = task
  const record = recordOf(task, times, 'cancelled', undefined, {})
  scope.writer.stepRun(record)
  scope.ended.set(stepKey, record)
  return { type: 'cancelled' }
}

/** What is written to the state: the output under the step's name, or under the key of a node, and the step's own writes. */
function writeOutput(
  { scope, prepared: { step }, frame }: StepTask,
  output: Json,
  writes: ReadonlyMap<string, Json> | undefined,
): void {
  const key = step.output ?? step.id
  if (writes === undefined && step.reducers === undefined && step.kind === 'fn' && frame.context === undefined) {
    scope.state.put(key, output)
    scope.writer.value(key, output)
    return
  }
  const all = new Map<string, Json>(writes)
  if (step.kind !== 'start' && step.kind !== 'end' && step.kind !== 'if' && step.kind !== 'switch') {
    if (frame.context !== undefined && step.output !== undefined) frame.context.set(key, output)
    else all.set(key, output)
  }
  if (all.size === 0) return
  scope.state.check(all, step.reducers)
  scope.writer.state(scope.state.apply(all, step.reducers))
}

/** Does what the policy of a step says of a fault that trying again does not mend. */
export async function settleByPolicy(task: StepTask, times: StepTimes, error: ParleyError): Promise<StepOutcome> {
  const failure = classOf(error)
  const facts = factsOf(task, { error, class: failure, attempt: task.prepared.recovery.retry.maxAttempts })
  const { action } = await resolveDecision(task, facts)
  switch (action) {
    case 'skip':
      await noteFailure(task, toRunError(error, failure))
      task.scope.hidden.partial = true
      return settleSkip(task, times, { kind: 'policy' })
    case 'replan':
      await noteFailure(task, toRunError(error, failure))
      return unplannedOf(task, { error, class: failure })
    case 'retry':
    case 'fail':
    case 'abort':
      return settleFailure(task, times, error, undefined, action === 'abort')
  }
}

/** Asks for a new plan in place of an end of the step. */
export function unplannedOf(
  task: StepTask,
  { error, class: failure }: { error: ParleyError; class: FailureClass },
): StepOutcome {
  const { prepared, stepKey, region } = task
  const facts = factsOf(task, { error, class: failure, attempt: prepared.recovery.retry.maxAttempts })
  return { type: 'replan', failed: { stepKey, prepared, region, facts } }
}

function recordOf(
  { scope, prepared, stepKey }: StepTask,
  { seq, startedMs }: StepTimes,
  status: StepRunRecord['status'],
  attempt: Attempt | undefined,
  rest: Pick<Partial<StepRunRecord>, 'output' | 'skip' | 'error'>,
): StepRunRecord {
  const nowMs = scope.clock.now()
  const record: StepRunRecord = {
    runId: scope.run.id,
    stepKey,
    step: prepared.step.id,
    status,
    seq,
    attempts: attempt?.number ?? 0,
    startedAt: instant(scope, startedMs),
    endedAt: instant(scope, nowMs),
    durationMs: nowMs - startedMs,
    costNanoUsd: attempt === undefined ? 0 : attempt.costNanoUsd,
    receiptIds: attempt?.receiptIds ?? [],
  }
  if (attempt?.modelId !== undefined) record.modelId = attempt.modelId
  if (attempt?.verified !== undefined) record.verified = attempt.verified
  if (rest.output !== undefined) record.output = rest.output
  if (rest.skip !== undefined) record.skip = rest.skip
  if (rest.error !== undefined) record.error = rest.error
  return record
}
