import type { BudgetSpec } from '../budget-port.ts'
import type { Json, JsonSchema } from '../json.ts'
import type { RestServer } from '../rest-server.ts'
import type { ToolEffect } from '../tool.ts'
import type { CapabilityHint, Tier } from './capabilities.ts'
import type { FailurePolicySpec, RetrySpec } from './failure.ts'

/** What a step does. */
export type StepKind =
  | 'fn'
  | 'llm'
  | 'agent'
  | 'tool'
  | 'rag'
  | 'if'
  | 'switch'
  | 'region'
  | 'race'
  | 'workflow'
  | 'wait'
  | 'start'
  | 'end'

/** A schema of a value: plain JSON Schema, or the name of one that the host has registered, with its version. */
export type ContractRef = { schema: JsonSchema } | { name: string; version: string }

/** How the models of a step are asked. */
export type StrategySpec =
  | { type: 'single' }
  /** `candidates` 2 to 5 models at once, `staggerMs` apart; the first valid answer wins. */
  | { type: 'race'; candidates: number; staggerMs: number }
  | { type: 'speculative'; compare: DraftComparison; allowUnverified: boolean }

/** How the text of a draft is held against that of its verifier; structured output is compared deeply. */
export type DraftComparison = 'normalized' | 'judge' | { embedding: number } | { function: string }

export type ForeachPolicy = 'requireAll' | 'allowPartial' | 'collectErrors'

/** One step over each item of a list. */
export interface ForeachSpec {
  /** A state key, an input key, the name of a step, or a path such as `steps.X.output.list`. */
  source: string
  policy: ForeachPolicy
  concurrency: number
  /** Field of an item that identifies it. Absent: its index. */
  itemKey?: string
}

/** Where one argument of a tool comes from. */
export interface ArgumentInfo {
  type: 'literal' | 'context' | 'history'
  value?: Json
  name?: string
}

/** A pause of the run until a person, an event or the time lets it go on. */
export type WaitSpec = {
  /** Seconds. Absent: no end. */
  timeout?: number
  onTimeout: 'reject' | 'default' | 'fail'
  default?: Json
} & (
  | { type: 'approval'; schema?: JsonSchema; approvers?: string[]; show?: string }
  | { type: 'event'; name: string; match?: Json; schema?: JsonSchema }
  | { type: 'timer'; ms?: number; at?: string }
)

/** Passages for a question. */
export interface RagSpec {
  query: string
  service?: string
  collection?: string
  topK: number
  sourceIds?: string[]
  match?: Json
  keepBest?: boolean
  minSimilarity?: number
  store: 'results' | 'content'
}

/** One step of a definition, with every default filled in. Plain JSON. */
export interface StepDefinition {
  id: string
  kind: StepKind
  /** Ids of the same region; of a `dag` only. Implied edges are among them. */
  dependsOn: string[]
  /** `success`: skipped when a dependency was skipped for any reason. */
  requires: 'settled' | 'success'
  /** JSONLogic. False: the step is skipped. */
  condition?: Json
  /** Name of a registered function (`fn`), URI of a tool, id of an agent, name of a workflow. */
  action?: string
  prompt?: string
  system?: string
  model?: string
  modelOptions?: { [key: string]: Json }
  tier: Tier
  strategy: StrategySpec
  capabilities: CapabilityHint[]
  inputContract?: ContractRef
  outputContract?: ContractRef
  /** Absent: all. Empty: nothing. */
  readKeys?: string[]
  writeKeys?: string[]
  retry?: RetrySpec
  /** Per attempt, in milliseconds. */
  timeoutMs?: number
  /** For each validator and asynchronous contract, in milliseconds. Absent: 30,000. */
  validationTimeoutMs?: number
  failurePolicy?: FailurePolicySpec
  foreach?: ForeachSpec
  /** False: shares the run's one serial lane. */
  parallel: boolean
  maxConcurrency?: number
  budget?: BudgetSpec
  effect: ToolEffect
  /** Whether a validated output is reused, for how many milliseconds, and what tells it from others besides all that the step may read. Of `pure` steps. */
  cache?: { ttlMs: number; key?: string }
  inputs?: { [argument: string]: ArgumentInfo }
  rag?: RagSpec
  wait?: WaitSpec
  /** Where a step of a `flow` goes on. */
  next?: string
  /** Of `if`. */
  then?: string
  else?: string
  /** Of `switch`: text values to steps. */
  switch?: { expr: string; cases: { [value: string]: string }; default?: string }
  /** Of `region`. */
  region?: Region
  /** Context key that the output is stored under besides the step's own name; of `end`: the key it gives. */
  output?: string
  /** Of `llm` and `agent` nodes. */
  history?: { limit: number; maxChars?: number }
  /**
   * What of an `llm` or `agent` step is shown while it is made: its output; how an agent comes to it; what each of its steps
   * writes. With `delta` piece by piece, else all so far. Absent: its output, piece by piece.
   */
  stream?: { output?: boolean; delta?: boolean; instructions?: boolean; partials?: boolean }
  /** Of `tool`: how a REST tool without operations is called. Absent: GET. */
  method?: RestMethod
  /** Path of a JSON Schema in the run's data, such as `input.schema`: the output must satisfy it besides its contract. */
  outputSchemaFrom?: string
  maxSteps?: number
  allowedTools?: string[]
  /** How several writers of one state key are brought together. */
  reducers?: { [key: string]: StateReducer }
}

/** How a REST tool is called. */
export type RestMethod = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'

/** An MCP server as a document declares it: either stdio (`command` or `commandEnv`) or HTTP (`url` or `urlEnv`). */
export interface McpServerDeclaration {
  id: string
  command?: string
  /** Names of environment variables, read when they are needed. */
  commandEnv?: string
  args?: string[]
  /** Environment of the command. Its values are masked wherever the document is shown. */
  env?: { [name: string]: string }
  url?: string
  urlEnv?: string
}

export type StateReducer = 'append' | 'merge' | 'sum' | 'max' | 'min' | 'last'

/** Steps that belong together: a graph in which all run, or a chain of nodes that one token walks. */
export type Region =
  | { kind: 'dag'; steps: StepDefinition[]; maxConcurrency: number }
  | { kind: 'flow'; start: string; steps: StepDefinition[] }

/** What holds where a step says nothing. */
export interface StepDefaults {
  model?: string
  tier: Tier
  retry?: RetrySpec
  timeoutMs?: number
  budget?: BudgetSpec
  failurePolicy?: FailurePolicySpec
}

/** Caps of one run. */
export interface WorkflowLimits {
  /** @default 32 */
  maxConcurrency: number
  /** @default 50 */
  maxModelCalls: number
  /** @default 1000 */
  maxVisits: number
}

/** Older meanings of a few rules, for workflows that were written for them. */
export interface WorkflowCompat {
  abortIsFail?: boolean
  foreachSkipFails?: boolean
  backoffFromFirst?: boolean
}

/** What may run: one canonical form of what was written in code, YAML or JSON. Plain JSON. */
export interface WorkflowDefinition {
  name: string
  version: string
  description?: string
  /** SHA-256 of the canonical form without this field, in hex. */
  hash: string
  input?: ContractRef
  output?: ContractRef
  /** Templates by the key of the result. */
  outputs?: { [key: string]: string }
  root: Region
  defaults: StepDefaults
  templates: { [name: string]: string }
  servers: { rest: RestServer[]; mcp: McpServerDeclaration[] }
  /** Versions of the registered functions that are named, by name. */
  functions: { [name: string]: string }
  limits: WorkflowLimits
  compat: WorkflowCompat
  sensitiveKeys: string[]
  metadata: { [key: string]: Json }
}

/** One thing that is wrong with a definition, where it is, and what to do. */
export interface WorkflowProblem {
  code: string
  /** Such as `steps.plan.prompt`. */
  path: string
  /** A definition with warnings runs. @default 'error' */
  severity?: 'error' | 'warning'
  /** From 1; of documents only. */
  line?: number
  column?: number
  message: string
  fix: string
}
