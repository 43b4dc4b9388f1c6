import {
  ParleyError,
  createBudget,
  type Budget,
  type BudgetSpec,
  type Clock,
  type DurableBackend,
  type ModelReceipt,
  type RunRecord,
  type TaskStatus,
  type WorkflowTask,
} from '@parley/spec'
import { costOfReceipt } from './model-calls.ts'

/** How many runs of a task are read for its account. */
const MAX_RUNS = 1_000

/** Accounts of the calls that share a task id. */
export interface TaskBook {
  /** Opens a task with a budget that all its runs share. @throws {ParleyError} `invalid_options`, `budget_invalid` */
  create(options: { id?: string; budget?: BudgetSpec; tenantId?: string }): { id: string }
  /** @throws {ParleyError} `task_unknown` */
  get(
    id: string,
    options?: { includeReceipts?: boolean; tenantId?: string },
  ): Promise<{ task: WorkflowTask; receipts?: ModelReceipt[] }>
  /** Cancels what runs and refuses what comes; again it does nothing. @throws {ParleyError} `task_unknown` */
  cancel(id: string, options?: { tenantId?: string }): Promise<void>
}

interface Entry {
  tenantId: string
  budget: Budget | undefined
  spec: BudgetSpec | undefined
  isCancelled: boolean
  createdAt: string
}

/** What an engine asks of its tasks besides what its users do. */
export interface OpenTaskBook extends TaskBook {
  /** The envelope of a task; absent where it has none. @throws {ParleyError} `task_terminal` */
  join(id: string, tenantId: string): Budget | undefined
}

/** A book whose accounts are read from runs and receipts; budgets of tasks live as long as the engine. */
export function openTaskBook({
  backend,
  clock,
  nextId,
  cancelRun,
}: {
  backend: DurableBackend
  clock: Clock
  nextId: () => string
  cancelRun: (runId: string) => Promise<unknown>
}): OpenTaskBook {
  const entries = new Map<string, Entry>()
  const known = (id: string, tenantId: string): Entry | undefined => {
    const entry = entries.get(id)
    if (entry !== undefined && entry.tenantId !== tenantId) throw unknown(id)
    return entry
  }
  const runsOf = async (id: string, tenantId: string): Promise<RunRecord[]> =>
    (await backend.list({ taskId: id, tenantId, limit: MAX_RUNS })).runs
  return {
    create({ id = nextId(), budget, tenantId = 'default' }) {
      if (entries.has(id))
        throw new ParleyError({
          code: 'invalid_options',
          message: `There is a task "${id}" already.`,
          details: { path: 'id' },
        })
      entries.set(id, {
        tenantId,
        spec: budget,
        budget: budget === undefined ? undefined : createBudget('task', id, budget, { clock }),
        isCancelled: false,
        createdAt: new Date(clock.now()).toISOString(),
      })
      return { id }
    },
    async get(id, { includeReceipts = false, tenantId = 'default' } = {}) {
      const entry = known(id, tenantId)
      const runs = await runsOf(id, tenantId)
      if (entry === undefined && runs.length === 0) throw unknown(id)
      const receipts = await backend.receipts({ taskId: id, tenantId })
      const task = accountOf(id, tenantId, runs, receipts, entry)
      return includeReceipts ? { task, receipts } : { task }
    },
    async cancel(id, { tenantId = 'default' } = {}) {
      const entry = known(id, tenantId)
      const runs = await runsOf(id, tenantId)
      if (entry === undefined && runs.length === 0) throw unknown(id)
      entries.set(id, {
        tenantId,
        budget: entry?.budget,
        spec: entry?.spec,
        createdAt: entry?.createdAt ?? runs.at(-1)?.createdAt ?? new Date(clock.now()).toISOString(),
        isCancelled: true,
      })
      await Promise.all(runs.filter(({ endedAt }) => endedAt === undefined).map(async (run) => cancelRun(run.id)))
    },
    join(id, tenantId) {
      const entry = known(id, tenantId)
      if (entry?.isCancelled === true) {
        throw new ParleyError({
          code: 'task_terminal',
          message: `The task "${id}" was cancelled and takes no more calls. Start a new one.`,
          details: { taskId: id },
        })
      }
      return entry?.budget
    },
  }
}

function accountOf(
  id: string,
  tenantId: string,
  runs: readonly RunRecord[],
  receipts: readonly ModelReceipt[],
  entry: Entry | undefined,
): WorkflowTask {
  const oldest = runs.at(-1)
  const [latest] = runs
  const costs = receipts.map(costOfReceipt)
  const createdAt = entry?.createdAt ?? oldest?.createdAt ?? ''
  const endedAt = runs.every((run) => run.endedAt !== undefined) ? latest?.endedAt : latest?.updatedAt
  return {
    id,
    tenantId,
    ...statusOf(runs, entry),
    totalCostNanoUsd: costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
    unknownCosts: costs.filter((cost) => cost === null).length,
    totalLatencyMs: receipts.reduce((sum, { execution }) => sum + (execution.actualLatencyMs ?? 0), 0),
    wallMs:
      endedAt === undefined || oldest === undefined
        ? 0
        : Math.max(0, Date.parse(endedAt) - Date.parse(oldest.createdAt)),
    callCount: receipts.filter(({ execution }) => execution.hops.length > 0 || execution.status === 'dispatched')
      .length,
    tokens: receipts.reduce(
      (sum, { execution: { tokens } }) => ({
        inputTokens: sum.inputTokens + tokens.input,
        outputTokens: sum.outputTokens + tokens.output,
      }),
      { inputTokens: 0, outputTokens: 0 },
    ),
    ...(entry?.spec === undefined ? {} : { budget: entry.spec }),
    runs: runs.map((run) => run.id),
    ...(latest?.roomId === undefined ? {} : { roomId: latest.roomId }),
    createdAt,
    updatedAt: latest?.updatedAt ?? createdAt,
  }
}

/** A task is as its runs are: at work while one is, else as the latest ended. */
function statusOf(
  runs: readonly RunRecord[],
  entry: Entry | undefined,
): { status: TaskStatus; partial?: boolean; pausedReason?: string } {
  if (entry?.isCancelled === true) return { status: 'cancelled' }
  const open = runs.find(({ endedAt }) => endedAt === undefined)
  const run = open ?? runs[0]
  if (run === undefined) return { status: 'pending' }
  switch (run.status) {
    case 'waiting':
      return { status: 'paused', pausedReason: 'waiting' }
    case 'paused':
      return { status: 'paused', ...(run.pauseReason === undefined ? {} : { pausedReason: run.pauseReason }) }
    case 'partial':
      return { status: 'completed', partial: true }
    case 'pending':
    case 'planning':
    case 'running':
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'budget_exceeded':
      return { status: run.status }
  }
}

function unknown(id: string): ParleyError {
  return new ParleyError({
    code: 'task_unknown',
    message: `There is no task "${id}". Tasks are made by runs and by tasks.create.`,
    details: { taskId: id },
  })
}
