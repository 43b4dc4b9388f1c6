import type {
  AgentRunner,
  Budget,
  ChatModel,
  Clock,
  DurableBackend,
  Embedder,
  FailurePolicySpec,
  IdSource,
  Json,
  Logger,
  ParleyError,
  Retriever,
  RunRecord,
  StepCache,
  ToolKernel,
  ToolResult,
  WaitRecord,
} from '@parley/spec'
import type { FailureDecision } from '../failure/decide-failure.ts'
import type { HookEvent, HookName, WorkflowHooks } from '../log/workflow-hooks.ts'
import type { CallGate } from './call-gate.ts'
import type { ReuseOrigin } from './reuse-receipt.ts'
import type { Planner } from './planner.ts'
import type { Router } from '../routing/create-router.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'

/** A handler of failures that workflows name. */
export type FailureHandler = (failure: {
  step: string
  attempt: number
  errorCode: string
  class: string
  signal: AbortSignal
}) => Promise<Exclude<FailureDecision['action'], 'custom'>> | Exclude<FailureDecision['action'], 'custom'>

/** Told of a wait with the one token that answers it; the token is kept nowhere. */
export interface OpenedWait {
  runId: string
  wait: WaitRecord
  token: string
}

/** What an engine hands to its runs. */
export interface EngineParts {
  readonly backend: DurableBackend
  /** Where earlier runs of a session are, if not in `backend`: of a run that is gone through again. */
  readonly archive?: DurableBackend
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  readonly router: Router | undefined
  /** In place of `router`, for one attempt: of a run that is gone through again with what was recorded. */
  routerOf?(place: { stepKey: string; attempt: number }): Router
  /** Of a model that a judge was given and the engine does not have. */
  routerOver(model: ChatModel): Router
  /** Absent: as many calls of models at once as there are. */
  readonly callGate: CallGate | undefined
  /** Absent: no output is reused. */
  readonly stepCache: StepCache | undefined
  /** In place of `stepCache`: of a run that is gone through again, what was reused then. */
  reusedAt?(place: { stepKey: string; attempt: number }): { output: Json; receipt: ReuseOrigin } | undefined
  readonly embedder: Embedder | undefined
  readonly kernel: ToolKernel | undefined
  readonly agents: ReadonlyMap<string, AgentRunner>
  readonly retrievers: ReadonlyMap<string, Retriever>
  readonly handlers: ReadonlyMap<string, FailureHandler>
  /** Makes new plans. Absent: a model does. */
  readonly planner: Planner | undefined
  /** What holds where neither a step nor its workflow says. */
  readonly failurePolicy: FailurePolicySpec | undefined
  readonly workflows: ReadonlyMap<string, CompiledWorkflow>
  readonly onWait: (wait: OpenedWait) => void
  readonly onError: (error: ParleyError) => void
  /** Calls a tool outside of any room. */
  callTool(kernel: ToolKernel, uri: string, args: Json, place: ToolCallPlace): Promise<ToolResult>
  /** Runs a workflow as a step of another one. */
  runChild(workflow: CompiledWorkflow, input: Json, child: ChildRun): Promise<RunRecord>
  callHooks(hooks: readonly WorkflowHooks[], name: HookName, event: HookEvent): Promise<void> | undefined
}

/** What a tool is told of the step that calls it. */
export interface ToolCallPlace {
  signal: AbortSignal
  idempotencyKey: string
  step: string
  attempt: number
  budget: Budget
}

/** How a workflow is run as a step. */
export interface ChildRun {
  idempotencyKey: string
  taskId: string
  tenantId: string
  budget: Budget
  signal: AbortSignal
  depth: number
  /** The step that it is. */
  parent: { runId: string; stepKey: string }
}
