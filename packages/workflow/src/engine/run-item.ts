import { ParleyError, type ErrorCode, type ItemEntry, type Json, type StepRunRecord } from '@parley/spec'
import type { ItemOutcome } from '../schedule/items-machine.ts'
import { classOf, toRunError } from './failure.ts'
import type { ItemPlace } from './frame.ts'
import { recordAttempt } from './keep-attempt.ts'
import type { AttemptsEnd } from './run-attempt.ts'
import { runAttempts } from './run-attempts.ts'
import { instant, note, tell } from './run-scope.ts'
import type { StepTask } from './settle-step.ts'
import type { UnplannedStep } from './step-outcome.ts'

/** How one item ended. */
export interface ItemEnd {
  outcome: ItemOutcome
  value: Json
  writes?: Iterable<[string, Json]>
  failure?: ItemFailure
}

/** Why an item failed. */
export interface ItemFailure {
  error: ParleyError
  /** What the policy of the step made of it. Absent: nobody has asked it. */
  decision?: 'fail' | 'abort' | 'replan'
  /** The step inside the item that asks for a plan. */
  unplanned?: UnplannedStep
}

/** Runs one item of a foreach, or reads it from the journal. */
export async function runItem(
  task: StepTask,
  item: ItemPlace,
  stepKey: string,
  { signal, isLong }: { signal: AbortSignal; isLong: boolean },
): Promise<ItemEnd | 'parked'> {
  const { scope, prepared } = task
  const { planVersion } = scope.run
  const recorded = scope.ended.get(stepKey) ?? scope.recorded.get(stepKey)
  if (recorded !== undefined && (recorded.plan ?? 1) === planVersion) {
    const read = fromJournal(recorded)
    if (read !== undefined) {
      scope.ended.set(stepKey, recorded)
      return read
    }
  }
  const seq = recorded?.seq || scope.nextSeq()
  const startedMs = scope.clock.now()
  const end = await runAttempts({ ...task, stepKey, item, signal, seq })
  if (end.type === 'parked') return 'parked'
  if (end.type === 'cancelled') return { outcome: 'cancelled', value: null }
  const ended = itemEnd(end, scope.workflow.compiled.definition.compat.foreachSkipFails ?? false)
  const place = { step: prepared.step.id, stepKey }
  const nowMs = scope.clock.now()
  const attempt = end.type === 'replan' ? undefined : end.attempt
  const success = attempt === undefined || attempt.isKept ? undefined : recordAttempt(attempt, 'success')
  const { failure, writes } = ended
  const record: StepRunRecord = {
    runId: scope.run.id,
    stepKey,
    step: prepared.step.id,
    status: ended.outcome,
    seq,
    index: item.index,
    attempts: attempt?.number ?? 1,
    startedAt: instant(scope, startedMs),
    endedAt: instant(scope, nowMs),
    durationMs: nowMs - startedMs,
    costNanoUsd: attempt === undefined ? 0 : attempt.costNanoUsd,
    receiptIds: attempt?.receiptIds ?? [],
  }
  if (planVersion > 1) record.plan = planVersion
  if (end.type === 'completed') record.output = end.output
  if (writes !== undefined) record.writes = Object.fromEntries(writes)
  if (end.type === 'skipped') record.skip = { kind: end.kind }
  if (failure !== undefined) record.error = toRunError(failure.error, classOf(failure.error), prepared.step.id)
  const room = keepItem(task, { record, ...(success === undefined ? {} : { attempt: success }) }, isLong)
  scope.ended.set(stepKey, record)
  const cached = attempt?.isReused === true ? { cached: true } : {}
  const done = end.type === 'completed' ? { item: item.index, ...cached } : undefined
  const skipped = end.type === 'skipped' ? { kind: end.kind } : undefined
  if (done !== undefined) note(scope, 'step_completed', place, done)
  if (skipped !== undefined) note(scope, 'step_skipped', place, skipped)
  // What hooks are told and what may not happen twice is kept before; else the items of a long list are kept together.
  if (!isLong || prepared.step.effect === 'effectful' || scope.hooks.length > 0) await scope.writer.flush()
  else if (room !== undefined) await room
  const told =
    done !== undefined
      ? tell(scope, 'onStepComplete', place, done)
      : skipped !== undefined
        ? tell(scope, 'onStepSkip', place, skipped)
        : undefined
  if (told !== undefined) await told
  return ended
}

function keepItem(
  { scope: { writer }, stepKey }: StepTask,
  entry: ItemEntry,
  isLong: boolean,
): Promise<void> | undefined {
  if (isLong) return writer.item(stepKey, entry)
  if (entry.attempt !== undefined) writer.attempt(entry.attempt)
  writer.stepRun(entry.record)
  return undefined
}

/** How an item ended that the journal knows; nothing of it runs again. */
function fromJournal({ status, output, writes, error }: StepRunRecord): ItemEnd | undefined {
  switch (status) {
    case 'completed':
      return {
        outcome: 'completed',
        value: output ?? null,
        ...(writes === undefined ? {} : { writes: Object.entries(writes) }),
      }
    case 'skipped':
      return { outcome: 'skipped', value: null }
    case 'failed':
      return {
        outcome: 'failed',
        value: null,
        failure: {
          // Codes of stored errors were codes when they were stored.
          error: new ParleyError({
            code: (error?.code ?? 'step_failed') as ErrorCode,
            message: error?.message ?? 'The item failed.',
          }),
        },
      }
    default:
      return undefined
  }
}

function itemEnd(end: Exclude<AttemptsEnd, { type: 'cancelled' | 'parked' }>, skipFails: boolean): ItemEnd {
  switch (end.type) {
    case 'completed':
      return { outcome: 'completed', value: end.output, ...(end.writes === undefined ? {} : { writes: end.writes }) }
    case 'skipped':
      if (!skipFails) return { outcome: 'skipped', value: null }
      return {
        outcome: 'failed',
        value: null,
        failure: { error: new ParleyError({ code: 'step_failed', message: 'The item was skipped.' }) },
      }
    case 'failed':
      return { outcome: 'failed', value: null, failure: { error: end.error, decision: end.decision } }
    case 'replan':
      return { outcome: 'failed', value: null, failure: { error: end.failed.facts.error, unplanned: end.failed } }
  }
}
