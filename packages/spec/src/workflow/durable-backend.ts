import type { Instant, Json } from '../json.ts'
import type { WorkflowDefinition } from './definition.ts'
import type { ModelReceipt } from './model-receipt.ts'
import type {
  AttemptRecord,
  LedgerEntry,
  RunEvent,
  RunRecord,
  RunStatus,
  SignalRecord,
  StepRunRecord,
  WaitRecord,
  WaitResolution,
} from './runs.ts'

/** The right to write to a run. A later lease of the same run has a higher epoch and fences the earlier one. */
export interface Lease {
  runId: string
  executorId: string
  epoch: number
  expiresAt: Instant
}

/** All that is known of a run. */
export interface Journal {
  run: RunRecord
  definition: WorkflowDefinition
  /** In order of `seq`. */
  stepRuns: StepRunRecord[]
  /** Those of one step in order of their number. */
  attempts: AttemptRecord[]
  state: { [key: string]: Json }
  ledger: LedgerEntry[]
  waits: WaitRecord[]
  /** Those that a wait may still take, in order of arrival. */
  signals: SignalRecord[]
  /** Of the last event; 0 before the first. */
  lastSeq: number
}

/** Fields of a run that change; one that is `undefined` is taken away. */
export type RunPatch = { [Field in keyof RunRecord]?: RunRecord[Field] | undefined }

/**
 * What is written together or not at all. Records replace those of the same key, with two exceptions: an entry of the
 * ledger stays as it was first written, and a wait that is no longer open stays as it is. Of equal keys in one batch the
 * last counts.
 */
export interface CommitBatch {
  events: Omit<RunEvent, 'seq' | 'ts' | 'runId'>[]
  run?: RunPatch
  /** A new plan: it is kept under its hash, which `run.definitionHash` may then name. */
  definition?: WorkflowDefinition
  stepRuns?: StepRunRecord[]
  attempts?: AttemptRecord[]
  /** What is taken away goes before what is set. */
  state?: { set?: { [key: string]: Json }; unset?: string[] }
  ledger?: LedgerEntry[]
  receipts?: ModelReceipt[]
  waits?: WaitRecord[]
}

export interface RunFilter {
  tenantId?: string
  status?: RunStatus[]
  taskId?: string
  sessionId?: string
  workflow?: string
  /** @default 50 */
  limit?: number
  cursor?: string
}

export interface RunPage {
  /** Newest first. */
  runs: RunRecord[]
  cursor?: string
}

export interface ForkOptions {
  fromStep: string
  patch?: { input?: Json; state?: { [key: string]: Json }; outputs?: { [step: string]: Json } }
  definition?: WorkflowDefinition
}

/**
 * Keeps runs: their journal, their events and who may write to them. A write with a lease that was overtaken is
 * `lease_lost`, and nothing of it is written.
 */
export interface DurableBackend {
  readonly kind: 'memory' | 'postgres' | 'dbos'
  readonly multiWorker: boolean
  /** False: nobody can ask for its events, so only those that begin and end a run are written. @default true */
  readonly keepsEvents?: boolean
  /**
   * With an `idempotencyKey` or an id that is known (of the tenant) gives that run, `created: false`.
   * @throws {ParleyError} `invalid_options` when the id is taken by another tenant's run
   */
  createRun(
    record: RunRecord,
    definition: WorkflowDefinition,
    options?: { idempotencyKey?: string },
  ): Promise<{ run: RunRecord; created: boolean }>
  /**
   * Null while another live executor holds it, or when the run is over. An executor may claim what it holds itself: the
   * new lease fences the old one. A lease lives for 30 s after the claim, the last commit or the last sign of its
   * executor; that it has run out lets others claim the run and is no reason to refuse a write.
   * @throws {ParleyError} `run_unknown`
   */
  claim(runId: string, executorId: string): Promise<Lease | null>
  /** A sign that an executor is there: none of its leases runs out before the instant that is given back. */
  heartbeat?(executorId: string): Promise<Instant>
  /** Gives the right to write back; the lease is lost with it. */
  release(lease: Lease): Promise<void>
  /** @throws {ParleyError} `run_unknown`, `lease_lost` */
  load(lease: Lease): Promise<Journal>
  /** The journal without the right to write. @throws {ParleyError} `run_unknown` */
  read(runId: string): Promise<Journal>
  /**
   * One transaction. Gives the last `seq`; the first event of a run has 1. Data of an event above 64 KiB is truncated
   * with a mark.
   * @throws {ParleyError} `lease_lost`; `run_terminal` for events after the one that ended the run; `run_unknown`;
   * `invalid_options` for a wait with the id or token of another
   */
  commit(lease: Lease, batch: CommitBatch): Promise<{ seq: number }>
  /**
   * Single use: the same key gives the same answer. A `timeout` or a `default` makes the wait `expired`.
   * @throws {ParleyError} `wait_unknown`, `wait_resolved`; `wait_expired` when it closed without an answer
   */
  resolveWait(waitId: string, resolution: WaitResolution): Promise<{ wait: WaitRecord; first: boolean }>
  /** @throws {ParleyError} `wait_unknown` */
  findWait(by: { id?: string; tokenHash?: string }): Promise<WaitRecord>
  /** @throws {ParleyError} `run_unknown`, `run_terminal` */
  signal(runId: string, name: string, data: Json): Promise<SignalRecord>
  /**
   * Marks a signal as taken by a wait; false when it was before, or is too old for any wait. Resolve the wait first, with
   * the signal's id as the idempotency key: a crash between the two then neither loses the signal nor uses it twice.
   */
  takeSignal(signalId: string): Promise<boolean>
  get(runId: string): Promise<RunRecord | undefined>
  list(filter: RunFilter): Promise<RunPage>
  /** Runs that are not over and that nobody holds. */
  orphans(): Promise<string[]>
  /**
   * Stored events after `afterSeq`, then those that come, without gap or repeat; ends after the terminal one, at an
   * abort, when the run is removed, and when the back end closes.
   * @throws {ParleyError} while iterating: `run_unknown`, `limit_exceeded` beyond 10,000 subscribers of a run
   */
  subscribe(runId: string, afterSeq: number, signal: AbortSignal): AsyncIterable<RunEvent>
  /** Those that meet all that is asked; of one run in the order in which they were first written. */
  receipts(by: { runId?: string; taskId?: string; tenantId?: string }): Promise<ModelReceipt[]>
  definition(hash: string): Promise<WorkflowDefinition | undefined>
  /** Removes runs that ended before, with all that belongs to them; gives how many. Definitions stay. */
  purge(before: Instant): Promise<number>
  close(): Promise<void>
}
