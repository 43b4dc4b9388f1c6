import { toNanoUsd, toWire, type BudgetSpec, type Json, type OnExceed, type RunStatus } from '@parley/spec'
import type { RunLogger, RunResult } from '@parley/workflow'
import { relative, resolve } from 'node:path'
import { databaseAddress } from '../database/open-cli-database.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { allowedDirectories } from '../load/allowed-directories.ts'
import { loadConfig } from '../load/load-config.ts'
import { loadInput } from '../load/load-input.ts'
import { findWorkflow, loadWorkflow, type LoadedWorkflow } from '../load/load-workflow.ts'
import { plainText } from '../plain-text.ts'
import { isWarning, problemText } from '../problems/problem-text.ts'
import { showDuration, showMoney } from '../progress/show-money.ts'
import type { RunProgress } from '../progress/run-progress.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley run`. */
export interface RunCommandOptions {
  input?: string
  budget?: number
  onExceed?: OnExceed | 'fail' | 'abort' | 'block'
  stream?: boolean
  dry?: boolean
  logDir?: string
  verbosity?: 'minimal' | 'normal' | 'verbose'
  config?: string
  store?: string
  workflowsDir?: readonly string[]
}

/** Runs a workflow. Arguments are checked before any code of the workflow is loaded. */
export async function run(context: CommandContext, argument: string, options: RunCommandOptions): Promise<CommandEnd> {
  const { world, output, cwd } = context
  const places = { cwd, allowed: allowedDirectories(cwd, options.workflowsDir ?? [], world.env) }
  const budget = budgetOf(options)
  await findWorkflow(argument, places)
  const input = await loadInput(options.input, places)

  const loaded = await loadWorkflow(argument, places)
  const invalid = showProblems(context, loaded)
  if (invalid !== undefined) return invalid
  const { definition } = loaded.compiled
  if (options.dry === true) return dryRun(context, loaded, input)

  const [{ openEngine }, { followRun }, { createRunProgress }] = await Promise.all([
    import('../engine/open-engine.ts'),
    import('../engine/follow-run.ts'),
    import('../progress/run-progress.ts'),
  ])
  const logger = options.logDir === undefined ? undefined : await logTo(resolve(cwd, options.logDir), options, loaded)
  const isStored = options.store !== undefined || world.env['PARLEY_DATABASE_URL'] !== undefined
  await using opened = await openEngine(context, {
    config: await loadConfig(options.config, places),
    address: isStored ? databaseAddress(options.store, world.env) : undefined,
    hooks: logger === undefined ? [] : [logger],
  })
  await opened.declare(definition)
  const startedMs = world.clock.monotonicMs()
  const progress = createRunProgress({
    output,
    clock: world.clock,
    total: definition.root.steps.length,
    isStream: options.stream === true,
  })
  const record = await opened.engine.start(loaded.compiled, input, budget === undefined ? {} : { budget })
  const { result, isInterrupted } = await followRun(context, opened, {
    runId: record.id,
    onEvent: (event) => progress.show(event),
  })
  progress.end()
  const elapsedMs = world.clock.monotonicMs() - startedMs
  if (opened.isLocalOnly && result.error?.code === 'no_models_available') output.note(modelsHint)
  const store = storeShown(isStored, options.store)
  return showResult(context, { result, isInterrupted, progress, store, elapsedMs, budget })
}

const modelsHint =
  'Only the local model is here. Name a module with others: --config models.ts, which has: export default { models: [...] }.'

async function logTo(
  folder: string,
  { verbosity }: RunCommandOptions,
  { compiled }: LoadedWorkflow,
): Promise<RunLogger> {
  const [{ fileWriter }, { JSONLinesSink, LogLevel, RunLogger: Logger }] = await Promise.all([
    import('@parley/local/files'),
    import('@parley/workflow'),
  ])
  return new Logger({
    verbosity: verbosity ?? LogLevel.NORMAL,
    sensitiveKeys: compiled.definition.sensitiveKeys,
    sinks: [new JSONLinesSink(fileWriter(`${folder}/`))],
  })
}

/** The option that names a store again. Addresses with a password are the person's to fill in. */
export function storeShown(isStored: boolean, given: string | undefined): string | undefined {
  if (!isStored) return undefined
  return given === undefined ? '' : ` --store ${given.includes('@') ? '...' : plainText(given)}`
}

/** @throws {ParleyError} `budget_invalid` */
function budgetOf({ budget, onExceed }: RunCommandOptions): BudgetSpec | undefined {
  if (budget === undefined && onExceed === undefined) return undefined
  if (budget !== undefined) toNanoUsd(budget, '--budget')
  const isStop = onExceed === 'fail' || onExceed === 'abort' || onExceed === 'block'
  return {
    ...(budget === undefined ? {} : { maxCostUsd: budget }),
    ...(onExceed === undefined ? {} : { onExceed: isStop ? 'stop' : onExceed }),
  }
}

function showProblems({ output, cwd }: CommandContext, { compiled, file }: LoadedWorkflow): CommandEnd | undefined {
  const shown = file === undefined ? compiled.definition.name : relative(cwd, file)
  for (const problem of compiled.problems) output.note(problemText(output, plainText(shown), problem))
  const errors = compiled.problems.filter((problem) => !isWarning(problem))
  if (errors.length === 0) return undefined
  return {
    exit: exitCodes.no,
    result: {
      error: {
        code: 'document_invalid',
        message: `The workflow has ${errors.length} ${errors.length === 1 ? 'error' : 'errors'} and was not run.`,
      },
      problems: errors.map(({ code, path, message, fix }) => ({ code, path, message, fix })),
    },
  }
}

async function dryRun(
  { output }: CommandContext,
  { compiled }: LoadedWorkflow,
  input: { [key: string]: Json },
): Promise<CommandEnd> {
  const { createValidationContext, drawText, resolveContract, validateValue } = await import('@parley/workflow')
  output.print(drawText(compiled.definition))
  const { input: contract } = compiled.definition
  const checked =
    contract === undefined
      ? undefined
      : await validateValue(resolveContract(contract, compiled.contracts), input, createValidationContext())
  const faults = checked === undefined || checked.ok ? [] : [...checked.faults]
  for (const { path, expected, actual } of faults)
    output.note(`input ${plainText(path)}: expected ${expected}, found ${actual}`)
  output.note('nothing was run')
  return {
    exit: faults.length === 0 ? exitCodes.done : exitCodes.no,
    result: {
      workflow: compiled.definition.name,
      definition_hash: compiled.definition.hash,
      dry: true,
      faults: faults.map((fault) => toWire(fault)),
    },
  }
}

interface Shown {
  result: RunResult
  isInterrupted: boolean
  /** What was shown of it on the way. */
  progress: Pick<RunProgress, 'hasSaid'>
  /** How to name the store again; absent: the run is gone with the process. */
  store: string | undefined
  elapsedMs: number
  budget: BudgetSpec | undefined
}

/** Shows how a run ended, what it gave, and what it cost. */
export function showResult(
  { output }: CommandContext,
  { result, isInterrupted, progress, store, elapsedMs, budget }: Shown,
): CommandEnd {
  const { runId, status, error, totalCostUsd, receipts } = result
  const nanoUsd = totalCostUsd === null ? null : toNanoUsd(totalCostUsd)
  const isDone = status === 'completed' || status === 'partial'
  if (isDone) {
    output.print(typeof result.output === 'string' ? result.output : JSON.stringify(result.output, undefined, 2))
  }
  const cost = `${showMoney(nanoUsd)}${budget?.maxCostUsd === undefined ? '' : ` of ${showMoney(toNanoUsd(budget.maxCostUsd))}`}`
  const receipt = receipts.at(-1)?.receiptId
  const outcome = error?.step === undefined ? status : `${status} at ${plainText(error.step)}`
  output.note(
    [outcome, showDuration(elapsedMs), cost, ...(receipt === undefined ? [] : [`receipt ${receipt}`])].join('  '),
  )
  // The line of the step is above, and names the same in full.
  if (error !== undefined && !progress.hasSaid(error.message))
    output.fail(`${output.paint('red', 'error', 'stderr')}  ${plainText(error.message)}`)
  const isStored = store !== undefined
  const resume = `parley runs resume ${runId}${store ?? ''}`
  const isOpen = status === 'paused' || status === 'waiting'
  const isAsking = status === 'waiting' && result.waits.some(({ kind }) => kind !== 'timer')
  if (isOpen && isStored) output.note(`go on with: ${isAsking ? resume.replace('resume', 'answer') : resume}`)
  if (status === 'waiting' && !isStored) {
    output.fail('The run waits for an answer that nobody can give here. Keep it with --store and answer it later.')
  }
  return {
    exit: isInterrupted && !isDone ? exitCodes.interrupted : exitOf(result, isStored),
    result: {
      run_id: runId,
      task_id: result.taskId,
      status,
      output: result.output,
      outputs: result.outputs,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
      steps: Object.entries(result.steps).map(([id, step]) => ({
        step_id: id,
        status: step.status,
        attempts: step.attempts.length,
        latency_ms: step.durationMs,
        cost_nano_usd: step.costUsd === null ? null : toNanoUsd(step.costUsd),
        model_id: step.modelId ?? null,
        receipt_ids: step.receiptIds,
      })),
      total_cost_nano_usd: nanoUsd,
      total_latency_ms: result.totalLatencyMs,
      usage: toWire(result.usage),
      definition_hash: result.definitionHash,
      ...(isOpen && isStored ? { resume } : {}),
    },
  }
}

const statusExits: Readonly<Partial<Record<RunStatus, ExitCode>>> = {
  completed: exitCodes.done,
  partial: exitCodes.done,
  budget_exceeded: exitCodes.budget,
}

function exitOf({ status }: RunResult, isStored: boolean): ExitCode {
  if (status === 'waiting') return isStored ? exitCodes.done : exitCodes.no
  // Nothing but a budget puts a run aside that nobody interrupted.
  if (status === 'paused') return exitCodes.budget
  return statusExits[status] ?? exitCodes.no
}
