import { ParleyError, toNanoUsd, type Json, type RunRecord, type WaitRecord } from '@parley/spec'
import type { CompiledWorkflow } from '@parley/workflow'
import { followRun } from '../engine/follow-run.ts'
import type { CliEngine } from '../engine/open-engine.ts'
import { storedWorkflow } from '../engine/stored-workflow.ts'
import { exitCodes } from '../exit-code.ts'
import { loadInput } from '../load/load-input.ts'
import { plainText } from '../plain-text.ts'
import { createRunProgress } from '../progress/run-progress.ts'
import { showResult } from './run.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** What every command that lets a stored run go on is told. */
export interface CarryOptions {
  cwd: string
  allowed: readonly string[]
  /** Argument of `--use`. */
  use: string | undefined
  budget: number | undefined
  /** As it is shown in commands that go on from here. */
  store: string | undefined
}

/** Takes a run up where it stands. */
export async function resumeRun(
  context: CommandContext,
  opened: CliEngine,
  run: RunRecord,
  options: CarryOptions,
): Promise<CommandEnd> {
  const { budget } = options
  if (budget !== undefined) toNanoUsd(budget, '--budget')
  const compiled = await registered(opened, run, options)
  const spec = budget === undefined ? run.budget : { ...run.budget, maxCostUsd: budget }
  const { lastSeq } = await opened.backend.read(run.id)
  await opened.engine.resume(run.id, budget === undefined || spec === undefined ? {} : { budget: spec })
  return carryOn(
    context,
    opened,
    { ...run, ...(spec === undefined ? {} : { budget: spec }) },
    compiled,
    lastSeq,
    options,
  )
}

/** Starts a new run from a step of this one, with another input if one is given. */
export async function forkRun(
  context: CommandContext,
  opened: CliEngine,
  run: RunRecord,
  options: CarryOptions & { fromStep: string | undefined; input: string | undefined },
): Promise<CommandEnd> {
  const { fromStep, input } = options
  if (fromStep === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Name the step that the new run begins with: parley runs fork ${run.id} --from-step <id>.`,
      details: { path: 'from-step' },
    })
  }
  const compiled = await registered(opened, run, options)
  const patch = input === undefined ? {} : { patch: { input: await loadInput(input, options) } }
  const fork = await opened.engine.fork(run.id, { fromStep, ...patch })
  context.output.note(`forked ${run.id} to ${fork.id}`)
  return carryOn(context, opened, fork, compiled, 0, options)
}

/** Goes through a run again: with what was recorded, or as a new run with the same input. */
export async function replayRun(
  context: CommandContext,
  opened: CliEngine,
  run: RunRecord,
  options: CarryOptions & { isRerun: boolean },
): Promise<CommandEnd> {
  const compiled = await registered(opened, run, options)
  const report = await opened.engine.replay(run.id, { mode: options.isRerun ? 'rerun' : 'dry' })
  if (report.mode === 'rerun') return carryOn(context, opened, report.run, compiled, 0, options)
  const { decisions, difference } = report
  const { output } = context
  if (difference === undefined) {
    output.print(`${run.id}  same decisions: ${decisions}`)
    return { exit: exitCodes.done, result: { run_id: run.id, same: true, decisions } }
  }
  const { seq, expected, actual } = difference
  output.print(`${run.id}  differs at event ${seq}`)
  output.print(`was  ${plainText(JSON.stringify(expected))}`)
  output.print(`is   ${plainText(JSON.stringify(actual))}`)
  return {
    exit: exitCodes.no,
    result: { run_id: run.id, same: false, decisions, difference: { seq, expected, actual } },
  }
}

/** Answers what a run waits for, and goes on with it. */
export async function answerRun(
  context: CommandContext,
  opened: CliEngine,
  run: RunRecord,
  options: CarryOptions & {
    wait: string | undefined
    decision: 'approved' | 'rejected'
    data: string | undefined
    by: string | undefined
  },
): Promise<CommandEnd> {
  const { decision, by } = options
  const data = options.data === undefined ? undefined : parseData(options.data)
  const compiled = await registered(opened, run, options)
  const { waits, lastSeq } = await opened.backend.read(run.id)
  const wait = chosenWait(run, waits, options.wait)
  await opened.engine.resolveWait(
    { waitId: wait.id },
    { decision, ...(data === undefined ? {} : { data }), ...(by === undefined ? {} : { by }) },
  )
  return carryOn(context, opened, run, compiled, lastSeq, options)
}

async function registered(
  { backend, engine, declare }: CliEngine,
  run: RunRecord,
  options: CarryOptions,
): Promise<CompiledWorkflow> {
  const compiled = await storedWorkflow(backend, run, options)
  await declare(compiled.definition)
  engine.register(compiled)
  return compiled
}

/** Shows a run that is at work until it is over or stands still. */
async function carryOn(
  context: CommandContext,
  opened: CliEngine,
  run: RunRecord,
  compiled: CompiledWorkflow,
  afterSeq: number,
  { store }: CarryOptions,
): Promise<CommandEnd> {
  const { world, output } = context
  const startedMs = world.clock.monotonicMs()
  const progress = createRunProgress({
    output,
    clock: world.clock,
    total: compiled.definition.root.steps.length,
    isStream: false,
  })
  const { result, isInterrupted } = await followRun(context, opened, {
    runId: run.id,
    afterSeq,
    onEvent: (event) => progress.show(event),
  })
  progress.end()
  const elapsedMs = world.clock.monotonicMs() - startedMs
  return showResult(context, { result, isInterrupted, progress, store, elapsedMs, budget: run.budget })
}

function parseData(text: string): Json {
  try {
    // What a JSON parser gives is JSON.
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `--data is not JSON. Give a JSON value, such as --data '{"amount":20}' or --data '"fine"'.`,
      details: { path: 'data' },
      cause,
    })
  }
}

function chosenWait(run: RunRecord, waits: readonly WaitRecord[], id: string | undefined): WaitRecord {
  const open = waits.filter(({ status, kind }) => status === 'open' && kind !== 'timer')
  const [only, ...others] = id === undefined ? open : open.filter((wait) => wait.id === id)
  if (only !== undefined && others.length === 0) return only
  throw new ParleyError({
    code: 'wait_unknown',
    message:
      open.length === 0
        ? `Run ${run.id} waits for no answer.`
        : `Name one of the waits of run ${run.id} with --wait: ${open.map((wait) => wait.id).join(', ')}.`,
    details: { runId: run.id },
  })
}
