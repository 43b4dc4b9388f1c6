import { ParleyError, type WaitRecord, type WaitResolution } from '@parley/spec'
import { toStepError } from './failure.ts'
import { openWait } from './open-wait.ts'
import { note } from './run-scope.ts'
import { settleByPolicy, settleOutput, type StepTask, type StepTimes } from './settle-step.ts'
import type { StepOutcome } from './step-outcome.ts'
import { checkAnswer, matches } from './wait-answer.ts'

/** Opens a wait, or goes on from its answer. Nothing is held in memory meanwhile: the step is parked. */
export async function runWait(task: StepTask, times: StepTimes): Promise<StepOutcome> {
  const { scope, stepKey } = task
  const known = scope.waits.get(stepKey)
  let wait: WaitRecord
  try {
    wait = known === undefined ? await openWait(task, times) : await scope.backend.findWait({ id: known.id })
  } catch (thrown) {
    const error = toStepError(thrown)
    if (error.code !== 'limit_exceeded' && error.code !== 'template_unresolved') throw thrown
    return settleByPolicy(task, times, error)
  }
  scope.waits.set(stepKey, wait)
  if (wait.resolution !== undefined) return goOn(task, times, wait, wait.resolution)
  const early = await takeSignal(task, wait)
  if (early?.resolution !== undefined) return goOn(task, times, early, early.resolution)
  if (wait.deadline !== undefined && Date.parse(wait.deadline) <= scope.clock.now()) return expire(task, times, wait)
  return { type: 'parked' }
}

/** A signal that came before its wait, or while the run was put aside. */
async function takeSignal({ scope, stepKey }: StepTask, wait: WaitRecord): Promise<WaitRecord | undefined> {
  if (wait.kind !== 'event') return undefined
  const { signals } = await scope.backend.read(scope.run.id)
  for (const signal of signals) {
    if (signal.name !== wait.name || !matches(wait.match, signal.data)) continue
    if (!(await fits(wait, signal.data))) continue
    const { wait: answered } = await scope.backend.resolveWait(wait.id, {
      decision: 'event',
      data: signal.data,
      // A crash between the two steps neither loses the signal nor uses it twice.
      idempotencyKey: signal.id,
      at: new Date(scope.clock.now()).toISOString(),
    })
    scope.waits.set(stepKey, answered)
    return answered
  }
  return undefined
}

async function fits(wait: WaitRecord, data: Parameters<typeof checkAnswer>[1]): Promise<boolean> {
  try {
    await checkAnswer(wait, data)
    return true
  } catch (error) {
    if (ParleyError.isInstance(error) && error.code === 'wait_invalid') return false
    throw error
  }
}

async function expire(task: StepTask, times: StepTimes, wait: WaitRecord): Promise<StepOutcome> {
  const { scope, prepared, stepKey } = task
  const spec = prepared.step.wait
  const isDefault = spec?.onTimeout === 'default'
  const resolution: WaitResolution = {
    decision: wait.kind === 'timer' ? 'timer' : isDefault ? 'default' : 'timeout',
    ...(isDefault ? { data: spec?.default ?? null } : {}),
    idempotencyKey: `${wait.id}:deadline`,
    at: new Date(scope.clock.now()).toISOString(),
  }
  const settled = await resolveOrRead(task, wait, resolution)
  scope.waits.set(stepKey, settled)
  return goOn(task, times, settled, settled.resolution ?? resolution)
}

/** Somebody may answer in the moment in which the wait ends; what came first counts. */
async function resolveOrRead({ scope }: StepTask, wait: WaitRecord, resolution: WaitResolution): Promise<WaitRecord> {
  try {
    return (await scope.backend.resolveWait(wait.id, resolution)).wait
  } catch (error) {
    if (ParleyError.isInstance(error) && error.code === 'wait_resolved') return scope.backend.findWait({ id: wait.id })
    throw error
  }
}

async function goOn(
  task: StepTask,
  times: StepTimes,
  wait: WaitRecord,
  resolution: WaitResolution,
): Promise<StepOutcome> {
  const { scope, prepared, stepKey } = task
  const { decision, data } = resolution
  // The key of an event's answer is its signal; that it is taken is said again in case nobody came to it before.
  if (decision === 'event' && resolution.idempotencyKey !== undefined)
    await scope.backend.takeSignal(resolution.idempotencyKey)
  scope.parked.delete(stepKey)
  const type = decision === 'timeout' || decision === 'default' ? 'wait_expired' : 'wait_resolved'
  note(
    scope,
    type,
    { step: prepared.step.id, stepKey },
    { wait_id: wait.id, decision, ...(resolution.by === undefined ? {} : { by: resolution.by }) },
  )
  switch (decision) {
    case 'approved':
      return settleOutput(task, times, { decision, data: data ?? null, by: resolution.by ?? null }, undefined)
    case 'event':
    case 'default':
      return settleOutput(task, times, data ?? null, undefined)
    case 'timer':
      return settleOutput(task, times, { at: resolution.at }, undefined)
    case 'rejected':
      return settleByPolicy(task, times, refusal(task, 'The approval was refused.'))
    case 'timeout':
      if (prepared.step.wait?.onTimeout !== 'fail')
        return settleByPolicy(task, times, refusal(task, 'Nobody answered in time, which counts as a refusal.'))
      return settleByPolicy(
        task,
        times,
        new ParleyError({
          code: 'wait_expired',
          message: `Nobody answered the wait "${prepared.step.id}" in time. Raise its timeout, or say what holds with onTimeout.`,
          details: { step: prepared.step.id },
        }),
      )
  }
}

function refusal({ prepared }: StepTask, message: string): ParleyError {
  return new ParleyError({ code: 'tool_denied', message, details: { step: prepared.step.id } })
}
