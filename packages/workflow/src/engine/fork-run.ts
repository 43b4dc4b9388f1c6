import {
  ParleyError,
  type CommitBatch,
  type Json,
  type Journal,
  type RunRecord,
  type StepRunRecord,
} from '@parley/spec'
import { walkSteps } from '../definition/walk-steps.ts'
import { copyToJson } from '../state/copy-json.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { Runnable } from './engine.ts'
import type { EngineParts } from './engine-parts.ts'
import { findStep } from './find-step.ts'
import { pathOfKey } from './region-prefix.ts'
import { stepsBefore } from './steps-before.ts'

/** How a run goes on from the middle of another one. */
export interface ForkRunOptions {
  /** Id of the step that runs again, with those that rest on it; `outer/inner` inside a region. */
  fromStep: string
  patch?: {
    /** In place of the input of the run. */
    input?: unknown
    /** Keys of the state, on top of what it was. */
    state?: { [key: string]: unknown }
    /** In place of what steps gave, by id; such a step does not run. */
    outputs?: { [step: string]: unknown }
  }
  /** Another version of the workflow. @default that of the run */
  definition?: Runnable
}

/** Prepares a fork: a run that stands paused with all that it takes over, so that a crash between cannot lose it. */
export async function prepareFork(
  parts: EngineParts,
  executorId: string,
  id: string,
  journal: Journal,
  compiled: CompiledWorkflow,
  { fromStep, patch = {} }: ForkRunOptions,
  input: Json,
): Promise<RunRecord> {
  const { backend, clock, ids } = parts
  const source = journal.run
  for (const step of [fromStep, ...Object.keys(patch.outputs ?? {})]) checkStep(compiled, step)
  const at = new Date(clock.now()).toISOString()
  const run: RunRecord = {
    id,
    tenantId: source.tenantId,
    taskId: ids.next('task'),
    status: 'paused',
    pauseReason: 'fork',
    workflow: compiled.definition.name,
    definitionHash: compiled.definition.hash,
    input,
    planVersion: source.definitionHash === compiled.definition.hash ? source.planVersion : 1,
    forkedFrom: { runId: source.id, step: fromStep },
    createdAt: at,
    updatedAt: at,
    ...(source.sessionId === undefined ? {} : { sessionId: source.sessionId }),
    ...(source.budget === undefined ? {} : { budget: source.budget }),
  }
  const batch = await copiedRows(parts, run, journal, compiled, { fromStep, patch })
  await backend.createRun(run, compiled.definition)
  const lease = await backend.claim(run.id, executorId)
  if (lease === null) throw new ParleyError({ code: 'lease_lost', message: `The fork ${run.id} was taken by another.` })
  await backend.commit(lease, { ...batch, run: { status: 'pending', pauseReason: undefined } })
  await backend.release(lease)
  return (await backend.get(run.id)) ?? run
}

async function copiedRows(
  { backend, ids }: EngineParts,
  run: RunRecord,
  journal: Journal,
  compiled: CompiledWorkflow,
  { fromStep, patch = {} }: ForkRunOptions,
): Promise<CommitBatch> {
  const isBefore = stepsBefore(journal, fromStep)
  const kept = journal.stepRuns.filter(
    (record) => isBefore(record) && findStep(compiled.definition.root, record.stepKey) !== undefined,
  )
  const patched = new Map(
    Object.entries(patch.outputs ?? {}).map(([step, value]) => [keyOf(step), copyToJson(value, `outputs.${step}`)]),
  )
  const receiptIds = new Map<string, string>()
  const keptKeys = new Set(kept.map(({ stepKey }) => stepKey))
  const receipts = (await backend.receipts({ runId: journal.run.id })).flatMap((receipt) => {
    if (receipt.stepKey === undefined || !keptKeys.has(receipt.stepKey)) return []
    const receiptId = ids.next('rcpt')
    receiptIds.set(receipt.receiptId, receiptId)
    const { lost: _lost, ...execution } = receipt.execution
    return [
      {
        ...receipt,
        receiptId,
        runId: run.id,
        taskId: run.taskId,
        execution: { ...execution, actualCostNanoUsd: 0, replayed: true },
        budget: { ...receipt.budget, settledNanoUsd: 0 },
      },
    ]
  })
  const renamed = (old: readonly string[]): string[] =>
    old.flatMap((id) => {
      const next = receiptIds.get(id)
      return next === undefined ? [] : [next]
    })
  const stepRuns = kept
    .filter(({ stepKey }) => !patched.has(stepKey))
    .map((record) => ({ ...record, runId: run.id, costNanoUsd: 0, receiptIds: renamed(record.receiptIds) }))
  let seq = journal.stepRuns.reduce((highest, record) => Math.max(highest, record.seq), 0)
  const given = [...patched].map(([stepKey, output]): StepRunRecord => ({
    runId: run.id,
    stepKey,
    step: idOf(stepKey),
    status: 'completed',
    seq: (seq += 1),
    output,
    attempts: 0,
    costNanoUsd: 0,
    receiptIds: [],
  }))
  return {
    events: [],
    stepRuns: [...stepRuns, ...given],
    attempts: journal.attempts
      .filter(({ stepKey }) => keptKeys.has(stepKey) && !patched.has(stepKey))
      .map((attempt) => ({ ...attempt, runId: run.id, receiptIds: renamed(attempt.receiptIds) })),
    receipts,
    state: { set: stateOf(run, journal, keptKeys, patched, patch.state ?? {}) },
  }
}

/** The state without what the steps that run again have written, as far as they have said what they write. */
function stateOf(
  { input }: RunRecord,
  { state, definition }: Journal,
  keptKeys: ReadonlySet<string>,
  patched: ReadonlyMap<string, Json>,
  patch: { [key: string]: unknown },
): { [key: string]: Json } {
  const set = { ...state }
  const keptPaths = new Set([...keptKeys].map(pathOf))
  const keptNames = new Set<string>()
  for (const { step, path } of walkSteps(definition.root)) {
    const keys = [step.output ?? step.id, ...(step.writeKeys ?? [])]
    if (keptPaths.has(path.replace('steps.', '').replaceAll('.steps.', '/'))) for (const key of keys) keptNames.add(key)
    else for (const key of keys) delete set[key]
  }
  if (typeof input === 'object' && input !== null && !Array.isArray(input))
    for (const [key, value] of Object.entries(input)) if (!keptNames.has(key)) set[key] = value
  for (const [stepKey, output] of patched) {
    const step = findStep(definition.root, stepKey)
    set[step?.output ?? idOf(stepKey)] = output
  }
  for (const [key, value] of Object.entries(patch)) set[key] = copyToJson(value, `state.${key}`)
  return set
}

function checkStep({ definition }: CompiledWorkflow, step: string): void {
  if (findStep(definition.root, step) !== undefined) return
  throw new ParleyError({
    code: 'unknown_reference',
    message: `The workflow "${definition.name}" has no step "${step}". Name one of ${definition.root.steps.map(({ id }) => id).join(', ')}.`,
    details: { step, known: definition.root.steps.map(({ id }) => id) },
  })
}

/** `outer/inner` as the key of a first visit. */
function keyOf(step: string): string {
  return `${step.split('/').join('@1/')}@1`
}

function pathOf(stepKey: string): string {
  const [path = ''] = stepKey.split('#')
  return pathOfKey(path)
}

function idOf(stepKey: string): string {
  return pathOf(stepKey).split('/').at(-1) ?? stepKey
}
