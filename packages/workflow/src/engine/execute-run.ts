import {
  ParleyError,
  readItemChunks,
  renderTemplate,
  type Budget,
  type Journal,
  type Json,
  type Lease,
  type RunError,
  type RunStatus,
} from '@parley/spec'
import { faultText } from '../contracts/fault-text.ts'
import { createValidationContext } from '../contracts/validation-context.ts'
import { validateValue } from '../contracts/validate-value.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import { scopeOf } from '../state/scope.ts'
import { sourcesOf } from './attempt.ts'
import { changeRun } from './change-run.ts'
import { closeWaits } from './close-waits.ts'
import type { EngineParts } from './engine-parts.ts'
import { classOf, toRunError, toStepError } from './failure.ts'
import { lookUp, type Frame } from './frame.ts'
import { openScope, type OpenScope } from './open-scope.ts'
import { prepareWorkflow, type PreparedWorkflow } from './prepare.ts'
import { withPlan } from './read-plan.ts'
import { regionOutput } from './region-output.ts'
import { replan } from './replan.ts'
import { runRegion, type RegionEnd } from './run-region.ts'
import type { RunSeat } from './run-seat.ts'
import { instant, note, tell } from './run-scope.ts'
import { watchWallTime } from './wall-time.ts'

/** What an execution is started with. */
export interface ExecuteOptions {
  parts: EngineParts
  workflow: PreparedWorkflow
  lease: Lease
  hooks: readonly WorkflowHooks[]
  outerBudget: Budget | undefined
  recordsPayloads: boolean
  depth: number
  seat?: RunSeat
  /** Given the scope before anything of it runs, so that a run can be stopped and woken. */
  onOpen: (scope: OpenScope) => void
}

/** Executes a run from where its journal ends until it is over or put aside. */
export async function executeRun(options: ExecuteOptions): Promise<OpenScope> {
  const { parts, lease } = options
  const journal = readItemChunks(await parts.backend.load(lease))
  const workflow = planned(options, journal)
  const scope = await openScope(journal, { ...options, workflow })
  options.onOpen(scope)
  try {
    await begin(scope, journal.lastSeq > 0)
    for (;;) {
      const frame: Frame = { outputs: new Map(), outer: undefined, context: undefined }
      const end = await runRegion({ scope, region: scope.workflow.root, frame, prefix: '' })
      if (end.type !== 'replan' || scope.decision() !== undefined) {
        await conclude(scope, end, frame)
        return scope
      }
      // Nodes that have ended are walked again, and counted then.
      scope.counts.visits = 0
      if ((await replan(scope, end.failed)) === 'goOn') continue
      await conclude(scope, { type: 'parked' }, frame)
      return scope
    }
  } catch (error) {
    // What cannot be kept is not gone on with: the run is taken up again from what is.
    scope.abandon(error)
    await scope.settleHeld()
    throw error
  } finally {
    scope.close()
  }
}

/** A run that has had a new plan goes on with that. */
function planned({ workflow, parts }: ExecuteOptions, { run, definition }: Journal): PreparedWorkflow {
  if (run.planVersion === 1) return workflow
  return prepareWorkflow(withPlan(workflow.compiled, definition), parts.failurePolicy)
}

async function begin(scope: OpenScope, wasBegun: boolean): Promise<void> {
  const { definition } = scope.workflow.compiled
  const before = scope.run.status
  changeRun(scope, {
    status: 'running',
    startedAt: scope.run.startedAt ?? instant(scope, scope.clock.now()),
    pauseReason: undefined,
  })
  const data = { definition_hash: definition.hash, steps: definition.root.steps.map(({ id }) => id) }
  watchWallTime(scope)
  if (!wasBegun) {
    seedState(scope)
    note(scope, 'run_started', {}, data)
    await tell(scope, 'onWorkflowStart', {}, data)
    scope.writer.flushSoon()
    return
  }
  if (before === 'paused' || before === 'waiting') note(scope, 'run_resumed', {}, { from: before })
  // That it was taken up is kept before anything of it runs: if the process ends now, the run is not still paused.
  await scope.writer.flush()
}

/** The keys of the input are the first keys of the state. */
function seedState(scope: OpenScope): void {
  const { input } = scope.run
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return
  const seeds = Object.entries(input).filter(([key]) => !scope.state.has(key))
  if (seeds.length > 0) scope.writer.state(scope.state.apply(new Map(seeds)))
}

/** Writes how the run ended, or why it stands still. */
async function conclude(scope: OpenScope, end: RegionEnd, frame: Frame): Promise<void> {
  await scope.drain()
  await scope.settleHeld()
  const decision = scope.decision()
  if (decision === undefined && end.type === 'parked') return park(scope)
  const status = decision?.status ?? statusOf(end)
  const error = decision?.error ?? (end.type === 'failed' ? end.error : undefined) ?? scope.error()
  if (status !== 'completed')
    return finish(scope, status, { ...partOutputs(scope, frame), ...(error === undefined ? {} : { error }) })
  try {
    const results = await resultsOf(scope, frame)
    await finish(scope, scope.hidden.partial ? 'partial' : 'completed', results)
  } catch (thrown) {
    const failure = toStepError(thrown)
    if (failure.code === 'lease_lost') throw failure
    await finish(scope, 'failed', { error: toRunError(failure, classOf(failure)) })
  }
}

async function park(scope: OpenScope): Promise<void> {
  const reason = scope.pauseReason()
  if (reason === undefined) changeRun(scope, { status: 'waiting' })
  else {
    changeRun(scope, { status: 'paused', pauseReason: reason })
    note(scope, 'run_paused', {}, { reason })
  }
  await scope.writer.flush()
}

async function finish(
  scope: OpenScope,
  status: RunStatus,
  results: { output?: Json; outputs?: { [key: string]: Json }; error?: RunError },
): Promise<void> {
  const endedAt = instant(scope, scope.clock.now())
  closeWaits(scope, () => true)
  changeRun(scope, { status, endedAt, ...results })
  note(scope, terminalEvent(status), {}, endOfRun(scope, status, results.error))
  await scope.writer.flush()
  await tell(
    scope,
    'onWorkflowComplete',
    {},
    { status, ...(results.error === undefined ? {} : { error: results.error.message }) },
  )
}

/** What the last event tells: the whole execution. */
function endOfRun(scope: OpenScope, status: RunStatus, error: RunError | undefined): { [key: string]: Json } {
  // Of a thousand steps it is long, so it is not made for nobody.
  if (scope.backend.keepsEvents === false) return { status }
  const { run } = scope
  return {
    status,
    ...(scope.recordsPayloads
      ? { outputs: scope.redact(run.outputs ?? {}), output: scope.redact(run.output ?? null) }
      : {}),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    steps: [...scope.ended.values()].map(
      ({ step, status: stepStatus, modelId, costNanoUsd, durationMs, receiptIds }) => ({
        step_id: step,
        status: stepStatus,
        model_id: modelId ?? null,
        cost_nano_usd: costNanoUsd,
        latency_ms: durationMs ?? 0,
        receipt_id: receiptIds[0] ?? null,
      }),
    ),
  }
}

function terminalEvent(status: RunStatus): 'run_completed' | 'run_failed' | 'run_cancelled' | 'run_budget_exceeded' {
  switch (status) {
    case 'failed':
      return 'run_failed'
    case 'cancelled':
      return 'run_cancelled'
    case 'budget_exceeded':
      return 'run_budget_exceeded'
    default:
      return 'run_completed'
  }
}

function statusOf(end: RegionEnd): RunStatus {
  switch (end.type) {
    case 'completed':
      return 'completed'
    case 'failed':
    case 'replan':
      return 'failed'
    case 'stopped':
    case 'parked':
      return 'cancelled'
  }
}

/** The result of a run that is through. @throws {ParleyError} `template_unresolved`, `contract_output` */
async function resultsOf(scope: OpenScope, frame: Frame): Promise<{ output: Json; outputs: { [key: string]: Json } }> {
  const { workflow } = scope
  const templates = workflow.outputs
  const outputs: { [key: string]: Json } = {}
  for (const [key, template] of templates ?? []) {
    const sources = sourcesOf(scope, frame)
    const gate = scopeOf({ id: key })
    const [only, ...others] = template.parts
    // A template that is one reference gives the value itself, not its text.
    if (only !== undefined && others.length === 0 && typeof only !== 'string') {
      const value = lookUp(sources, gate, only.path)
      outputs[key] = value ?? only.fallback ?? null
      continue
    }
    const rendered = renderTemplate(template, (path) => lookUp(sources, gate, path))
    if (!rendered.ok) {
      throw new ParleyError({
        code: 'template_unresolved',
        message: `The output "${key}" uses {{${rendered.path.join('.')}}}, which has no value. Give a text for that case: {{ ${rendered.path.join('.')} ?? "none" }}.`,
        details: { output: key, path: rendered.path.join('.') },
      })
    }
    outputs[key] = rendered.text
  }
  const natural = regionOutput(workflow.root, frame)
  const output = templates === undefined ? natural : outputs
  if (workflow.output !== undefined) {
    const checked = await validateValue(workflow.output, output, createValidationContext())
    if (!checked.ok) {
      throw new ParleyError({
        code: 'contract_output',
        message: `The output of the workflow breaks its contract. ${faultText(checked.faults)}.`,
        details: { fields: checked.faults.map(({ path }) => path) },
      })
    }
  }
  return { output, outputs: templates === undefined ? namedOutputs(scope, frame) : outputs }
}

/** Outputs by name: of the steps that nobody depends on. */
function namedOutputs(scope: OpenScope, frame: Frame): { [key: string]: Json } {
  const { root } = scope.workflow
  if (root.kind === 'flow') return { output: regionOutput(root, frame) }
  return Object.fromEntries(
    root.plan.steps.flatMap(({ id }, position) => {
      const output = frame.outputs.get(id)
      return root.plan.dependents[position]?.length === 0 && output !== undefined ? [[id, output] as const] : []
    }),
  )
}

/** What a run that did not come through has to show. */
function partOutputs(scope: OpenScope, frame: Frame): { outputs: { [key: string]: Json } } {
  return { outputs: namedOutputs(scope, frame) }
}
