import type {
  AttemptRecord,
  Budget,
  BudgetSpec,
  Clock,
  DurableBackend,
  IdSource,
  Json,
  ModelReceipt,
  ParleyError,
  RunError,
  RunEventType,
  RunRecord,
  RunStatus,
  StepRunRecord,
  Tier,
  WaitRecord,
} from '@parley/spec'
import type { HookEvent, HookName, WorkflowHooks } from '../log/workflow-hooks.ts'
import type { Frame } from './frame.ts'
import type { RunState } from '../state/run-state.ts'
import type { EngineParts } from './engine-parts.ts'
import type { JournalWriter } from './journal-writer.ts'
import type { LaneGate } from './lane-gate.ts'
import type { PreparedWorkflow } from './prepare.ts'
import type { SessionHistory } from './session-history.ts'
import type { Try } from './run-attempt.ts'

/** What ends a run before its steps are through. */
export interface RunDecision {
  status: Extract<RunStatus, 'failed' | 'cancelled' | 'budget_exceeded'>
  error?: RunError
}

/** One execution in this process: all that its steps share. */
export interface RunScope {
  readonly workflow: PreparedWorkflow
  readonly parts: EngineParts
  readonly backend: DurableBackend
  readonly clock: Clock
  readonly ids: IdSource
  /** As it is kept; replaced fields go through `change`. */
  readonly run: RunRecord
  readonly writer: JournalWriter
  readonly state: RunState
  /** Of the run, after those of the tenant and the task. */
  readonly budget: Budget
  /** The envelope of a step in those around it; one per step, whatever its attempts. */
  stepBudget(stepKey: string, spec: BudgetSpec, frame: Frame): Budget
  /** Keys of visits that are booked in an envelope already. */
  readonly visited: Set<string>
  /** What earlier runs of the session have left. Absent: the run has no session, or nothing of it asks. */
  readonly history?: SessionHistory
  readonly lanes: LaneGate
  /** Aborted when the run is decided, with the reason. */
  readonly signal: AbortSignal
  readonly hooks: readonly WorkflowHooks[]
  /** What the journal knew when this execution began, by step key. */
  readonly recorded: ReadonlyMap<string, StepRunRecord>
  readonly attempted: ReadonlyMap<string, AttemptRecord>
  /** Attempts of regions that stand still, by step key: they go on where they are. */
  readonly tries: Map<string, Try>
  /** Steps that a plan could not help, with how they end, by step key. */
  readonly unplanned: Map<string, { error: ParleyError; action: 'skip' | 'fail' | 'abort' }>
  readonly waits: Map<string, WaitRecord>
  /** Ended step runs of this execution and of those before it, by step key. */
  readonly ended: Map<string, StepRunRecord>
  /** Steps that wait, by step key. */
  readonly parked: Map<string, StepRunRecord>
  /** Faults that were hidden by a policy. */
  readonly hidden: { partial: boolean }
  readonly counts: { seq: number; visits: number; replans: number }
  /** Workflows around this one. */
  readonly depth: number
  /** Whether events carry what steps gave. */
  readonly recordsPayloads: boolean
  /** A place in the order of the run's steps. */
  nextSeq(): number
  /** Data as it may be stored and shown. */
  redact(value: Json): Json
  /** The same of a text that comes in pieces: never read as JSON, so that its beginning stays when more follows. */
  redactText(text: string): string
  /** The first failure that was not hidden is the run's. */
  firstError(error: RunError): void
  /** Ends the run: nothing new begins, what runs is told to end. The first decision counts. */
  decide(decision: RunDecision): void
  readonly decision: () => RunDecision | undefined
  /** Told when nothing new may begin: the run has been decided, or it is put aside. */
  onHalt(run: (how: 'stop' | 'pause') => void): () => void
  /** Puts the run aside: what runs comes to its end, nothing new begins. */
  pause(reason: string): void
  readonly pauseReason: () => string | undefined
  /** The last instant that was written out. */
  readonly times: { ms: number; text: string }
  /** Wakes a step that waits, when its answer comes while the run is at work. */
  readonly wakes: Map<string, () => void>
  /** What branches have written until they are joined, by step key. */
  readonly branches: Map<string, Map<string, Json>>
  /** Lower tiers that budgets have asked for, the latest last. */
  readonly downgrades: { from: Tier; to: Tier }[]
  /** Of all decisions of this execution. */
  readonly receipts: ModelReceipt[]
  /** Tells hooks of what nobody waits for; drained before the run ends. */
  later(name: HookName, place: Partial<StepPlace>, data: { [key: string]: Json }): void
  /** Told when the last second of grace after a decision is over. */
  onFence(run: () => void): () => void
}

/** Where in a run something happens. */
export interface StepPlace {
  step: string
  stepKey: string
  attempt?: number
}

/** Writes an event. */
export function note(
  scope: RunScope,
  type: RunEventType,
  place: Partial<StepPlace>,
  data: { [key: string]: Json },
): void {
  scope.writer.event(type, place, data)
}

/** Tells the hooks, if there are any. */
export function tell(
  scope: RunScope,
  name: HookName,
  place: Partial<StepPlace>,
  data: { [key: string]: Json },
): Promise<void> | undefined {
  if (scope.hooks.length === 0) return undefined
  const event: HookEvent = {
    runId: scope.run.id,
    workflow: scope.run.workflow,
    ...place,
    data,
    at: new Date(scope.clock.now()).toISOString(),
  }
  return scope.parts.callHooks(scope.hooks, name, event)
}

/** An instant as it is kept. Steps of one millisecond share the text, since a chain asks for it a thousand times. */
export function instant(scope: RunScope, ms: number): string {
  if (scope.times.ms !== ms) {
    scope.times.ms = ms
    scope.times.text = new Date(ms).toISOString()
  }
  return scope.times.text
}
