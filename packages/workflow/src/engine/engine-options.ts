import type {
  AgentRunner,
  Budget,
  BudgetSpec,
  ChatModel,
  Clock,
  DurableBackend,
  Embedder,
  FailurePolicySpec,
  IdSource,
  Json,
  Logger,
  ParleyError,
  PriceTable,
  Retriever,
  StepCache,
  ToolKernel,
} from '@parley/spec'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import type { Router } from '../routing/create-router.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { EngineLimits } from './engine-limits.ts'
import type { FailureHandler, OpenedWait } from './engine-parts.ts'
import type { Planner } from './planner.ts'

/** What an engine is made with. Everything has a default that works offline; steps need what they use. */
export interface EngineOptions {
  /** Where runs are kept. @default in memory */
  backend?: DurableBackend
  /** Models that steps are routed to. */
  models?: readonly ChatModel[]
  /** In place of `models`: a router with its own rules. */
  router?: Router
  prices?: PriceTable
  /** Where outputs of steps with a `cache` are kept. @default `memoryStepCache()`, of this engine alone */
  stepCache?: StepCache
  embedder?: Embedder
  kernel?: ToolKernel
  /** Agents, conversations and workflows that steps of kind `agent` name, by id. */
  agents?: readonly AgentRunner[]
  /** By the name that steps use; `default` is the one of steps that name none. */
  retrievers?: { [name: string]: Retriever }
  /** Handlers of failures that policies name. */
  handlers?: { [name: string]: FailureHandler }
  /** Makes new plans where a policy asks for one. @default a model of the engine does */
  planner?: Planner
  /** Workflows that others name, and that runs are taken up again with. */
  workflows?: readonly (CompiledWorkflow | { readonly compiled: CompiledWorkflow })[]
  hooks?: readonly WorkflowHooks[]
  /** What holds where neither step nor workflow say. */
  failurePolicy?: FailurePolicySpec
  /** Told of each wait with the token that answers it. */
  onWait?: (wait: OpenedWait) => void
  /** Told of faults that are nobody's answer, such as a hook that throws. */
  onError?: (error: ParleyError) => void
  /** Whether events carry outputs, redacted. @default 'all' */
  recordPayloads?: 'all' | 'none'
  /** The envelope of a tenant, around its tasks and runs; the host may spend from it elsewhere too. @default none */
  tenantBudget?: (tenantId: string) => Budget | undefined
  /** How much is done at once. */
  limits?: EngineLimits
  logger?: Logger
  clock?: Clock
  ids?: IdSource
  /** Names this process to the store. @default random */
  executorId?: string
}

export const engineOptionNames: readonly (keyof EngineOptions)[] = [
  'backend',
  'models',
  'router',
  'prices',
  'stepCache',
  'embedder',
  'kernel',
  'agents',
  'retrievers',
  'handlers',
  'planner',
  'workflows',
  'hooks',
  'failurePolicy',
  'onWait',
  'onError',
  'recordPayloads',
  'tenantBudget',
  'limits',
  'logger',
  'clock',
  'ids',
  'executorId',
]

/** What one run is started with. */
export interface RunOptions {
  runId?: string
  /** Calls that share it are accounted together. @default a new one */
  taskId?: string
  sessionId?: string
  externalId?: string
  roomId?: string
  /** Of this run. */
  budget?: BudgetSpec
  signal?: AbortSignal
  /** A second start with it gives the first one's run. */
  idempotencyKey?: string
  /** @default 'default' */
  tenantId?: string
  /** An envelope around the run, of whoever lets it run: each call must fit it too. @default that of the task */
  within?: Budget
}

export const runOptionNames: readonly string[] = [
  'runId',
  'taskId',
  'sessionId',
  'externalId',
  'roomId',
  'budget',
  'signal',
  'idempotencyKey',
  'tenantId',
  'within',
  'engine',
]

/** An answer to a wait, from whoever may give it. */
export type WaitAnswer = { waitId: string } | { token: string }

/** What is answered. */
export interface WaitReply {
  /** Of an approval. @default 'approved' */
  decision?: 'approved' | 'rejected'
  data?: Json
  by?: string
  idempotencyKey?: string
}
