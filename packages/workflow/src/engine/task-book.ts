import {
  ParleyError,
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
import { TaskEnvelopes } from './task-envelopes.ts'

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
  /**
   * Changes the budget of a task: what was spent stays, runs that it had put aside and that fit now go on. One that had
   * none so far binds runs that start or go on after this.
   * @throws {ParleyError} `task_unknown`, `task_terminal`, `budget_invalid`
   */
  setBudget(id: string, budget: BudgetSpec, options?: { tenantId?: string }): Promise<void>
  /**
   * The envelope that a call outside of runs has to fit which names the task, in that of its tenant; absent where neither
   * has one. A call that fits lets runs go on that the envelope had put aside, as far as they fit now.
   * @throws {ParleyError} `task_unknown`, `task_terminal`
   */
  budget(id: string, options?: { tenantId?: string }): Budget | undefined
}

/** What an engine tells its tasks besides what its users do. */
export interface OpenTaskBook extends TaskBook {
  /** A run that an earlier process has left paused by its budget. */
  park(run: RunRecord): void
}

interface Entry {
  tenantId: string
  isCancelled: boolean
  createdAt: string
}

/** What a book is made with. */
export interface TaskBookOptions {
  backend: DurableBackend
  clock: Clock
  nextId: () => string
  cancelRun: (runId: string) => Promise<unknown>
  /** Takes up a run that its budget has put aside. */
  resumeRun: (runId: string) => void
  tenantBudget: ((tenantId: string) => Budget | undefined) | undefined
}

/** A book whose accounts are read from runs and receipts; budgets of tasks live as long as the engine. */
export function openTaskBook({
  backend,
  clock,
  nextId,
  cancelRun,
  resumeRun,
  tenantBudget,
}: TaskBookOptions): OpenTaskBook {
  const entries = new Map<string, Entry>()
  const known = (id: string, tenantId: string): Entry | undefined => {
    const entry = entries.get(id)
    if (entry !== undefined && entry.tenantId !== tenantId) throw unknown(id)
    return entry
  }
  const runsOf = async (id: string, tenantId: string): Promise<RunRecord[]> =>
    (await backend.list({ taskId: id, tenantId, limit: MAX_RUNS })).runs
  const envelopes = new TaskEnvelopes({
    clock,
    tenantBudget,
    resumeRun,
  })
  const account = async (
    id: string,
    tenantId: string,
  ): Promise<{ task: WorkflowTask; receipts: ModelReceipt[]; entry: Entry | undefined }> => {
    const entry = known(id, tenantId)
    const runs = await runsOf(id, tenantId)
    if (entry === undefined && runs.length === 0) throw unknown(id)
    const receipts = await backend.receipts({ taskId: id, tenantId })
    const spec = envelopes.specOf(id)
    const task = accountOf(id, tenantId, runs, receipts, entry)
    return { task: spec === undefined ? task : { ...task, budget: spec }, receipts, entry }
  }
  return {
    create({ id = nextId(), budget, tenantId = 'default' }) {
      if (entries.has(id))
        throw new ParleyError({
          code: 'invalid_options',
          message: `There is a task "${id}" already.`,
          details: { path: 'id' },
        })
      if (budget !== undefined) envelopes.set(id, tenantId, budget)
      entries.set(id, { tenantId, isCancelled: false, createdAt: new Date(clock.now()).toISOString() })
      return { id }
    },
    async get(id, { includeReceipts = false, tenantId = 'default' } = {}) {
      const { task, receipts } = await account(id, tenantId)
      return includeReceipts ? { task, receipts } : { task }
    },
    async cancel(id, { tenantId = 'default' } = {}) {
      const entry = known(id, tenantId)
      const runs = await runsOf(id, tenantId)
      if (entry === undefined && runs.length === 0) throw unknown(id)
      entries.set(id, {
        tenantId,
        createdAt: entry?.createdAt ?? runs.at(-1)?.createdAt ?? new Date(clock.now()).toISOString(),
        isCancelled: true,
      })
      await Promise.all(runs.filter(({ endedAt }) => endedAt === undefined).map(async (run) => cancelRun(run.id)))
    },
    async setBudget(id, budget, { tenantId = 'default' } = {}) {
      const { task, entry } = await account(id, tenantId)
      if (entry?.isCancelled === true) throw cancelled(id)
      const { totalCostNanoUsd, unknownCosts, tokens, callCount } = task
      envelopes.set(id, tenantId, budget, {
        costNanoUsd: unknownCosts > 0 ? null : totalCostNanoUsd,
        tokens: tokens.inputTokens + tokens.outputTokens,
        calls: callCount,
      })
      if (entry === undefined) entries.set(id, { tenantId, isCancelled: false, createdAt: task.createdAt })
    },
    budget(id, { tenantId = 'default' } = {}) {
      if (known(id, tenantId)?.isCancelled === true) throw cancelled(id)
      return envelopes.of(id, tenantId)
    },
    park: ({ id, taskId }) => envelopes.park(taskId, id),
  }
}

function cancelled(id: string): ParleyError {
  return new ParleyError({
    code: 'task_terminal',
    message: `The task "${id}" was cancelled and takes no more calls. Start a new one.`,
    details: { taskId: id },
  })
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
