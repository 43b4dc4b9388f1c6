import { ParleyError, readItemChunks, toWire, type RunRecord, type RunStatus } from '@parley/spec'
import { databaseAddress } from '../database/open-cli-database.ts'
import { openEngine, type CliEngine } from '../engine/open-engine.ts'
import { exitCodes } from '../exit-code.ts'
import { allowedDirectories } from '../load/allowed-directories.ts'
import { loadConfig } from '../load/load-config.ts'
import { plainText } from '../plain-text.ts'
import { showDuration, showMoney } from '../progress/show-money.ts'
import { answerRun, forkRun, replayRun, resumeRun, type CarryOptions } from './carry-run.ts'
import { storeShown } from './run.ts'
import type { CommandContext, CommandEnd } from '../command-context.ts'

/** Options of `parley runs`. */
export interface RunsOptions {
  status?: readonly RunStatus[]
  workflow?: string
  from?: string
  to?: string
  limit?: number
  budget?: number
  /** Of fork. */
  fromStep?: string
  input?: string
  /** Of replay. */
  rerun?: boolean
  /** Of answer. */
  reject?: boolean
  data?: string
  wait?: string
  by?: string
  use?: string
  config?: string
  store?: string
  workflowsDir?: readonly string[]
}

export type RunsAction = 'list' | 'show' | 'cancel' | 'pause' | 'resume' | 'fork' | 'replay' | 'answer'

/** What lets steps run, and so needs models and agents. */
const carries: ReadonlySet<RunsAction> = new Set(['resume', 'fork', 'replay', 'answer'])

/** Shows and controls the runs of a database. */
export async function runs(
  context: CommandContext,
  action: RunsAction,
  id: string | undefined,
  options: RunsOptions,
): Promise<CommandEnd> {
  const { world, cwd } = context
  if (action !== 'list' && id === undefined) {
    throw new ParleyError({
      code: 'invalid_options',
      message: `Name the run: parley runs ${action} <id>.`,
      details: { path: 'id' },
    })
  }
  const places = { cwd, allowed: allowedDirectories(cwd, options.workflowsDir ?? [], world.env) }
  await using opened = await openEngine(context, {
    config: carries.has(action) ? await loadConfig(options.config, places) : {},
    address: databaseAddress(options.store, world.env),
  })
  // Awaited here: the engine and its database are closed when this function is left.
  if (action === 'list' || id === undefined) return await listRuns(context, opened, options)
  const run = await opened.engine.get(id)
  if (run === undefined)
    throw new ParleyError({
      code: 'run_unknown',
      message: `There is no run ${plainText(id)} in this database.`,
      details: { runId: id },
    })
  const carry: CarryOptions = {
    ...places,
    use: options.use,
    budget: options.budget,
    store: storeShown(true, options.store),
  }
  switch (action) {
    case 'show':
      return await showRun(context, opened, run)
    case 'cancel':
      return showState(context, await opened.engine.cancel(id, 'asked'))
    case 'pause':
      return showState(context, await opened.engine.pause(id, 'asked'))
    case 'resume':
      return await resumeRun(context, opened, run, carry)
    case 'fork':
      return await forkRun(context, opened, run, { ...carry, fromStep: options.fromStep, input: options.input })
    case 'replay':
      return await replayRun(context, opened, run, { ...carry, isRerun: options.rerun === true })
    case 'answer':
      return await answerRun(context, opened, run, {
        ...carry,
        wait: options.wait,
        decision: options.reject === true ? 'rejected' : 'approved',
        data: options.data,
        by: options.by,
      })
  }
}

async function listRuns(
  { output }: CommandContext,
  { engine }: CliEngine,
  { status, workflow, from, to, limit = 50 }: RunsOptions,
): Promise<CommandEnd> {
  const [fromMs, toMs] = [instantOf(from, 'from'), instantOf(to, 'to')]
  const found: RunRecord[] = []
  let cursor: string | undefined
  do {
    const page = await engine.list({
      ...(status === undefined ? {} : { status: [...status] }),
      ...(workflow === undefined ? {} : { workflow }),
      ...(cursor === undefined ? {} : { cursor }),
    })
    for (const run of page.runs) {
      const createdMs = Date.parse(run.createdAt)
      if (createdMs >= (fromMs ?? -Infinity) && createdMs < (toMs ?? Infinity) && found.length < limit) found.push(run)
    }
    cursor = page.cursor
  } while (cursor !== undefined && found.length < limit)
  for (const run of found) {
    output.print(
      `${run.id}  ${run.status.padEnd(15)} ${run.createdAt.slice(0, 16).replace('T', ' ')}  ${plainText(run.workflow)}`.slice(
        0,
        80,
      ),
    )
  }
  if (found.length === 0) output.note('no runs')
  return { exit: exitCodes.done, result: { runs: found.map((run) => toWire(run)) } }
}

async function showRun(
  { output }: CommandContext,
  { engine, backend }: CliEngine,
  run: RunRecord,
): Promise<CommandEnd> {
  const { stepRuns, waits } = readItemChunks(await backend.read(run.id))
  const receipts = await engine.receipts({ runId: run.id })
  output.print(`${run.id}  ${run.status}  ${plainText(run.workflow)}  task ${run.taskId}`)
  if (run.error !== undefined) output.print(`error ${run.error.code}: ${plainText(run.error.message)}`)
  for (const { stepKey, status, attempts, durationMs, costNanoUsd, modelId } of stepRuns) {
    const figures = [
      `attempts ${attempts}`,
      showDuration(durationMs ?? 0),
      ...(modelId === undefined ? [] : [modelId, showMoney(costNanoUsd)]),
    ]
    output.print(`${status.padEnd(10)} ${plainText(stepKey)}  ${figures.join('  ')}`)
  }
  for (const { id, kind, status, deadline } of waits) {
    if (status === 'open')
      output.print(`waits      ${kind}  ${id}${deadline === undefined ? '' : `  until ${deadline}`}`)
  }
  for (const { receiptId, decision, execution } of receipts) {
    output.print(`receipt    ${receiptId}  ${decision.modelId ?? 'no model'}  ${execution.status}`)
  }
  return {
    exit: exitCodes.done,
    result: {
      run: toWire(run),
      steps: stepRuns.map((step) => toWire(step)),
      waits: waits.map(({ tokenHash: _tokenHash, ...wait }) => toWire(wait)),
      receipts: receipts.map((receipt) => toWire(receipt)),
    },
  }
}

function showState({ output }: CommandContext, run: RunRecord): CommandEnd {
  output.print(`${run.id}  ${run.status}`)
  return { exit: exitCodes.done, result: { run: toWire(run) } }
}

function instantOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  throw new ParleyError({
    code: 'invalid_options',
    message: `--${option} is no time. Give one such as 2026-01-31 or 2026-01-31T09:30:00Z.`,
    details: { path: option },
  })
}
