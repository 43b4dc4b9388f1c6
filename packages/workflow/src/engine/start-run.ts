import {
  ParleyError,
  checkOptions,
  createBudget,
  terminalRunStatuses,
  type Budget,
  type BudgetSpec,
  type Json,
  type RunRecord,
} from '@parley/spec'
import { faultText } from '../contracts/fault-text.ts'
import { createValidationContext } from '../contracts/validation-context.ts'
import { validateValue } from '../contracts/validate-value.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import { copyToJson, sizeOfJson } from '../state/copy-json.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { runOptionNames, type RunOptions } from './engine-options.ts'
import type { EngineParts } from './engine-parts.ts'
import { prepareWorkflow } from './prepare.ts'
import { refuseMissingPlanner } from './missing-planner.ts'
import { refuseMissingPorts } from './missing-ports.ts'
import type { RunDesk } from './run-desk.ts'
import type { TaskBook } from './task-book.ts'

/** What runs are started with. */
export interface RunStarter {
  parts: EngineParts
  desk: RunDesk
  tasks: TaskBook
  hooks: readonly WorkflowHooks[]
  cancel: (runId: string, reason: string) => Promise<unknown>
  onCaught: (error: unknown) => void
}

/** Of a run that is a step of another one. */
export interface InnerRun {
  budget: Budget
  depth: number
  parent?: { runId: string; stepKey: string }
}

/** JSON bytes of an input. */
const MAX_INPUT_BYTES = 10 * 1024 * 1024

/**
 * Starts a run, or attaches to the one that its idempotency key has started before.
 * @throws {ParleyError} `kit_closed`, `invalid_options`, `budget_invalid`, `document_invalid`, `contract_input`, `input_too_large`, `planner_missing`, `unknown_reference`,
 * `task_terminal`, `task_unknown`, `definition_mismatch`, `run_queue_full`, and what a `beforeRun` hook throws
 */
export async function startRun(
  starter: RunStarter,
  compiled: CompiledWorkflow,
  input: unknown,
  runOptions: RunOptions,
  inner?: InnerRun,
): Promise<RunRecord> {
  const { parts, desk, tasks, hooks } = starter
  refuseClosed(desk)
  checkOptions('run', runOptions, runOptionNames)
  const { definition } = compiled
  const prepared = prepareWorkflow(compiled, parts.failurePolicy)
  refuseMissingPlanner(prepared, parts)
  refuseMissingPorts(prepared, parts)
  const { tenantId = 'default', taskId = parts.ids.next('task'), signal, idempotencyKey } = runOptions
  if (runOptions.budget !== undefined) checkRunBudget(runOptions.budget, parts)
  const given = inner?.budget ?? runOptions.within
  // A task that takes no more calls starts nothing; its envelope is asked for again whenever the run is taken up.
  if (given === undefined) tasks.budget(taskId, { tenantId })
  const at = new Date(parts.clock.now()).toISOString()
  const record: RunRecord = {
    id: runOptions.runId ?? parts.ids.next('run'),
    tenantId,
    taskId,
    status: 'pending',
    workflow: definition.name,
    definitionHash: definition.hash,
    input: await checkedInput(compiled, input),
    planVersion: 1,
    createdAt: at,
    updatedAt: at,
    ...pick(runOptions, ['sessionId', 'externalId', 'roomId', 'idempotencyKey', 'budget']),
    ...(inner?.parent === undefined ? {} : { parent: inner.parent }),
  }
  for (const hook of hooks) await hook.beforeRun?.({ workflow: definition.name, runId: record.id })
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }
  const place = inner !== undefined || desk.isInsideRun(runOptions.within) ? 'none' : desk.enter(record)
  let created
  let run
  try {
    ;({ run, created } = await parts.backend.createRun(record, definition, options))
  } catch (error) {
    if (place !== 'none') place.leave()
    throw error
  }
  const surroundings = given === undefined ? undefined : { outer: given, depth: inner?.depth ?? 0 }
  const isOver = terminalRunStatuses.includes(run.status)
  if (created) desk.execute(run, compiled, surroundings, place)
  else {
    if (place !== 'none') place.leave()
    const isWaited = place === 'none' && desk.active(run.id)?.place?.isWaiting === true
    // Nobody may be at work on a run that is attached to, since its process has ended.
    if (!isOver && (isWaited || (desk.active(run.id) === undefined && (inner !== undefined || isLeft(run)))))
      desk.execute(run, refuseMismatch(run, compiled), surroundings, place === 'none' ? place : undefined)
  }
  if (signal !== undefined && !isOver && (created || inner !== undefined || runOptions.within !== undefined))
    cancelWith(signal, run.id, starter)
  return run
}

/**
 * Refuses a budget before a run is kept that could not begin with it.
 * @throws {ParleyError} `budget_invalid`, `invalid_options`
 */
export function checkRunBudget(budget: BudgetSpec, { clock }: Pick<EngineParts, 'clock'>): void {
  createBudget('run', 'checked', budget, { clock })
}

/** @throws {ParleyError} `kit_closed` */
export function refuseClosed({ isClosed }: RunDesk): void {
  if (isClosed) throw new ParleyError({ code: 'kit_closed', message: 'The engine is closed. Make a new one.' })
}

/** At work when its process ended; one that is paused or waits is meant to stand still. */
function isLeft({ status }: RunRecord): boolean {
  return status === 'pending' || status === 'planning' || status === 'running'
}

function refuseMismatch(run: RunRecord, compiled: CompiledWorkflow): CompiledWorkflow {
  if (run.definitionHash === compiled.definition.hash || run.planVersion > 1) return compiled
  throw new ParleyError({
    code: 'definition_mismatch',
    message: `Run ${run.id} was started with another version of "${run.workflow}". Register that version, or fork the run to the new one.`,
    details: { runId: run.id, workflow: run.workflow },
  })
}

/** Links a run to a signal until it is over, however often it comes to rest before. */
function cancelWith(signal: AbortSignal, runId: string, { desk, parts, cancel, onCaught }: RunStarter): void {
  const stop = (): void => void cancel(runId, 'aborted').catch(onCaught)
  if (signal.aborted) return stop()
  const unlink = (): void => {
    signal.removeEventListener('abort', stop)
    dropRest()
  }
  const dropRest = desk.onRest(runId, () => {
    void parts.backend
      .get(runId)
      .then((run) => (run === undefined || terminalRunStatuses.includes(run.status) ? unlink() : undefined))
      .catch(onCaught)
  })
  signal.addEventListener('abort', stop, { once: true })
}

/** @throws {ParleyError} `contract_input`, `value_not_json`, `input_too_large` */
export async function checkedInput(compiled: CompiledWorkflow, input: unknown): Promise<Json> {
  const json = copyToJson(input ?? {}, 'input')
  const bytes = sizeOfJson(json)
  if (bytes > MAX_INPUT_BYTES) {
    throw new ParleyError({
      code: 'input_too_large',
      message: `The input has ${bytes} bytes; ${MAX_INPUT_BYTES} are allowed. Keep large data outside and give a reference to it.`,
      details: { max: MAX_INPUT_BYTES, actual: bytes },
    })
  }
  const { input: contract } = prepareWorkflow(compiled)
  if (contract === undefined) return json
  const checked = await validateValue(contract, json, createValidationContext())
  if (checked.ok) return copyToJson(checked.value, 'input')
  throw new ParleyError({
    code: 'contract_input',
    message: `The input of "${compiled.definition.name}" breaks its contract. ${faultText(checked.faults)}.`,
    details: { fields: checked.faults.map(({ path }) => path) },
  })
}

function pick<T extends object, K extends keyof T>(source: T, keys: readonly K[]): Pick<T, K> {
  const picked: Partial<T> = {}
  for (const key of keys) if (source[key] !== undefined) picked[key] = source[key]
  return picked as Pick<T, K> // absent keys stay absent, which exact optional types ask for
}
