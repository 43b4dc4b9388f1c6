import { ParleyError, type Json } from '@parley/spec'
import { openItems, stepItems, type ItemsInput } from '../schedule/items-machine.ts'
import { addWrites } from '../state/run-state.ts'
import { classOf, toRunError, toStepError } from './failure.ts'
import { itemsOf, keysOf } from './foreach-items.ts'
import type { ItemPlace } from './frame.ts'
import { ItemPlaces } from './item-places.ts'
import { runItem, type ItemEnd, type ItemFailure } from './run-item.ts'
import { note, tell } from './run-scope.ts'
import {
  settleByPolicy,
  settleCancel,
  settleFailure,
  settleOutput,
  unplannedOf,
  type StepTask,
  type StepTimes,
} from './settle-step.ts'
import type { StepOutcome } from './step-outcome.ts'
import { takesNoPlace } from './takes-no-place.ts'

/** Longer lists keep their items in chunks. */
const LONG_LIST = 1_000

/** Runs a step over each item of a list. */
export async function runForeach(task: StepTask, times: StepTimes): Promise<StepOutcome> {
  const { scope, prepared, stepKey } = task
  const { foreach } = prepared.step
  if (foreach === undefined) throw new ParleyError({ code: 'internal_error', message: 'A step without foreach.' })
  let items: readonly Json[]
  let keys: string[]
  try {
    items = itemsOf(task, foreach.source)
    keys = keysOf(items, foreach.itemKey)
  } catch (thrown) {
    return settleByPolicy(task, times, toStepError(thrown))
  }
  note(scope, 'step_started', { step: prepared.step.id, stepKey }, { items: items.length })
  const started = tell(scope, 'onStepStart', { step: prepared.step.id, stepKey }, { items: items.length })
  if (started !== undefined) await started
  const ends: (ItemEnd | undefined)[] = items.map(() => undefined)
  const { outcome, isParked } = await runItems(task, items, keys, ends)
  if (isParked) return { type: 'parked' }
  switch (outcome) {
    case 'stopped':
      return settleCancel(task, times)
    case 'failed':
      return settleFailedItem(task, times, ends.find((end) => end?.outcome === 'failed')?.failure)
    case 'partial':
      scope.hidden.partial = true
      return settleOutput(task, times, outputFor(foreach.policy, ends), writesOf(task, ends))
    case 'completed':
      return settleOutput(task, times, outputFor(foreach.policy, ends), writesOf(task, ends))
  }
}

/** The policy was asked when the item failed; what it said holds for the step. */
function settleFailedItem(
  task: StepTask,
  times: StepTimes,
  failure: ItemFailure | undefined,
): Promise<StepOutcome> | StepOutcome {
  const error = failure?.error ?? new ParleyError({ code: 'step_failed', message: 'All items failed.' })
  if (failure?.unplanned !== undefined) return { type: 'replan', failed: failure.unplanned }
  switch (failure?.decision) {
    case 'replan':
      return unplannedOf(task, { error, class: classOf(error) })
    case 'fail':
    case 'abort':
      return settleFailure(task, times, error, undefined, failure.decision === 'abort')
    case undefined:
      return settleByPolicy(task, times, error)
  }
}

/** What all items have written, in their order; nobody has seen it before. */
function writesOf(task: StepTask, ends: readonly (ItemEnd | undefined)[]): Map<string, Json> | undefined {
  let all: Map<string, Json> | undefined
  for (const end of ends) {
    if (end?.writes === undefined) continue
    all ??= new Map()
    addWrites(all, end.writes, task.prepared.step.reducers)
  }
  return all
}

function runItems(
  task: StepTask,
  items: readonly Json[],
  keys: readonly string[],
  ends: (ItemEnd | undefined)[],
): Promise<{ outcome: 'completed' | 'partial' | 'failed' | 'stopped'; isParked: boolean }> {
  const { scope, prepared } = task
  const foreach = prepared.step.foreach
  const concurrency = Math.min(
    foreach?.concurrency ?? 1,
    prepared.step.maxConcurrency ?? Infinity,
    scope.workflow.compiled.definition.limits.maxConcurrency,
  )
  return new Promise((resolve, reject) => {
    let state = openItems(items.length, foreach?.policy ?? 'requireAll', concurrency)
    let isParked = false
    const isLong = items.length > LONG_LIST
    // Regions have no place themselves: the steps inside them ask for theirs.
    const places = takesNoPlace(prepared.step.kind) ? undefined : new ItemPlaces(scope.lanes, laneOf(task))
    const rest = new AbortController()
    const signal = AbortSignal.any([scope.signal, rest.signal])
    const queue: ItemsInput[] = []
    let isBusy = false
    const feed = (input: ItemsInput): void => {
      queue.push(input)
      if (isBusy) return
      isBusy = true
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const step = stepItems(state, next)
        state = step.state
        for (const effect of step.effects) {
          if (effect.type === 'begin') {
            if (places === undefined) begin(effect.item)
            else places.take(effect.item, () => begin(effect.item))
          } else if (effect.type === 'interrupt') {
            for (const item of places?.drop() ?? []) queue.push({ type: 'settled', item, outcome: 'cancelled' })
            // Those that run when the run is put aside come to their end; after a failure they are told to stop.
            if (!isParked) rest.abort()
          } else {
            dropHalt()
            resolve({ outcome: effect.outcome, isParked })
          }
        }
      }
      places?.rest()
      isBusy = false
    }
    const begin = (index: number): void => {
      const place: ItemPlace = { value: items[index] ?? null, index }
      void runItem(task, place, `${task.stepKey}#${keys[index] ?? index}`, { signal, isLong }).then((end) => {
        places?.give(index)
        if (end === 'parked') {
          isParked = true
          feed({ type: 'stop' })
          feed({ type: 'settled', item: index, outcome: 'cancelled' })
          return
        }
        ends[index] = end
        feed({ type: 'settled', item: index, outcome: end.outcome })
      }, reject)
    }
    const dropHalt = scope.onHalt((how) => {
      isParked = how === 'pause'
      feed({ type: 'stop' })
    })
    feed({ type: 'start' })
    if (scope.decision() !== undefined) feed({ type: 'stop' })
  })
}

function laneOf({ stepKey, prepared: { order }, limit }: StepTask): ConstructorParameters<typeof ItemPlaces>[1] {
  return { key: stepKey, order, ...(limit === undefined ? {} : { region: limit }) }
}

function outputFor(
  policy: 'requireAll' | 'allowPartial' | 'collectErrors',
  ends: readonly (ItemEnd | undefined)[],
): Json {
  if (policy !== 'collectErrors') return ends.map((end) => (end?.outcome === 'completed' ? end.value : null))
  return ends.map((end) =>
    end?.outcome === 'failed' ? { ok: false, error: shownError(end.failure) } : { ok: true, value: end?.value ?? null },
  )
}

function shownError(failure: ItemFailure | undefined): Json {
  if (failure === undefined) return { code: 'step_failed', message: 'The item failed.' }
  const { code, message } = toRunError(failure.error, classOf(failure.error))
  return { code, message }
}
