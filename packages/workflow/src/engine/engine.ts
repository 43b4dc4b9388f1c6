import type { BudgetSpec, Json, ModelReceipt, RunEvent, RunFilter, RunPage, RunRecord, WaitRecord } from '@parley/spec'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { BuiltInTemplate } from '../templates/built-in-template.ts'
import type { RunOptions, WaitAnswer, WaitReply } from './engine-options.ts'
import type { ForkRunOptions } from './fork-run.ts'
import type { ReplayMode, ReplayReport } from './replay-run.ts'
import type { RunQueue } from './run-places.ts'
import type { RunResult } from './run-result.ts'
import type { TaskBook } from './task-book.ts'

/** Anything that has a compiled workflow: one of code, one of a document, or the compiled one itself. */
export type WorkflowSource = CompiledWorkflow | { readonly compiled: CompiledWorkflow }

/** A document as data, in any of its shapes: prompt steps, native, or nodes. It is checked when it is loaded. */
export interface InlineDocument {
  readonly name: string
  readonly steps?: readonly unknown[]
  readonly nodes?: readonly unknown[]
  readonly [key: string]: unknown
}

/**
 * What can be run: a workflow, the name of one that is registered or comes with the package (`research`, `research@1`),
 * or a document as data.
 */
export type Runnable = WorkflowSource | InlineDocument | string

/** Runs workflows: keeps them, takes them up again, answers for what they spend. */
export interface Engine extends AsyncDisposable {
  /**
   * Runs to the end, or to where the run stands still (`waiting`, `paused`).
   * @throws {ParleyError} `document_unknown`, `document_invalid`, `contract_input`, `input_too_large`, `invalid_options`,
   * `run_queue_full`
   */
  run(workflow: Runnable, input?: unknown, options?: RunOptions): Promise<RunResult>
  /** The same as its events; leaving the loop early lets the run go on. */
  stream(workflow: Runnable, input?: unknown, options?: RunOptions): AsyncIterable<RunEvent>
  /** Starts a run, or puts it in line, and gives its record at once. @throws {ParleyError} as `run` */
  start(workflow: Runnable, input?: unknown, options?: RunOptions): Promise<RunRecord>
  /** The result of a run; waits while it is at work in this process. @throws {ParleyError} `run_unknown` */
  result(runId: string): Promise<RunResult>
  get(runId: string): Promise<RunRecord | undefined>
  list(filter?: RunFilter): Promise<RunPage>
  /** How many runs of a tenant are at work here, and which stand in line for that. @default tenantId 'default' */
  queue(options?: { tenantId?: string }): RunQueue
  /** Events after `afterSeq`, then those that come. */
  events(runId: string, afterSeq?: number, signal?: AbortSignal): AsyncIterable<RunEvent>
  /** Within a second; what comes later is discarded. Again it does nothing. @throws {ParleyError} `run_unknown` */
  cancel(runId: string, reason?: string): Promise<RunRecord>
  /** Lets running steps end and starts no more. Again it does nothing. @throws {ParleyError} `run_unknown`, `run_terminal` */
  pause(runId: string, reason?: string): Promise<RunRecord>
  /**
   * Takes a run up where it stands; with `budget` under a raised one. What is at work is left alone.
   * @throws {ParleyError} `run_unknown`, `run_terminal`, `definition_mismatch`
   */
  resume(runId: string, options?: { budget?: BudgetSpec }): Promise<RunRecord>
  /** Takes up all runs that nobody holds; gives their ids. One whose definition is not here is paused. */
  recover(): Promise<string[]>
  /**
   * A new run that goes on from a step of another one: what came before it is copied, it and what rests on it runs.
   * @throws {ParleyError} `run_unknown`, `unknown_reference`, `definition_mismatch`, `contract_input`
   */
  fork(runId: string, options: ForkRunOptions): Promise<RunRecord>
  /**
   * `dry`: goes through a run again with what was recorded, and reports the first decision that differs. `rerun`: a new
   * run with the same input.
   * @throws {ParleyError} `run_unknown`, `definition_mismatch`
   */
  replay(runId: string, options: { mode: ReplayMode }): Promise<ReplayReport>
  /** @throws {ParleyError} `wait_unknown`, `wait_invalid`, `wait_resolved`, `wait_expired`, `forbidden` */
  resolveWait(wait: WaitAnswer, reply?: WaitReply): Promise<WaitRecord>
  /** @throws {ParleyError} `run_unknown`, `run_terminal` */
  signal(runId: string, name: string, data?: Json): Promise<void>
  readonly tasks: TaskBook
  /** The workflows that come with the package; they are run by name. */
  readonly templates: readonly BuiltInTemplate[]
  receipts(by: { runId?: string; taskId?: string; tenantId?: string }): Promise<ModelReceipt[]>
  /** Makes a workflow known by its name, for runs that are taken up again and steps that name it. */
  register(workflow: WorkflowSource): void
  /** Puts running runs aside and ends. @default drainMs 10000 */
  close(options?: { drainMs?: number }): Promise<void>
}
