import type {
  ArgumentInfo,
  BudgetSpec,
  CapabilityKind,
  Contract,
  FailureActionName,
  Json,
  RagSpec,
  RetrySpec,
  StateReducer,
  StrategySpec,
  Tier,
  ToolEffect,
  WaitSpec,
} from '@parley/spec'
import type { StepAction } from '../step/step-context.ts'
import type { FailurePolicy, FailurePolicyOptions } from './failure-policy.ts'
import { stepConfigOptions, type StepConfig, type StepConfigOptions } from './step-config.ts'
import type { Step } from './step.ts'

/** A strategy with some of its settings; what is left out has its default. */
export type StrategyOptions =
  | StrategySpec['type']
  | {
      [Type in StrategySpec['type']]: { type: Type } & Partial<Extract<StrategySpec, { type: Type }>>
    }[StrategySpec['type']]

/** What a step is made of. One of `action`, `prompt`, `agent`, `tool`, `rag`, `wait`, `workflow`, `steps` says what it does. */
export interface StepOptions extends StepConfigOptions {
  name: string
  /** What it does, in code; or where it waits. */
  action?: StepAction | WaitSpec
  /** Asked of a model; with `agent`, what the agent is asked. A template. */
  prompt?: string
  /** Id of an agent. */
  agent?: string
  /** URI of a tool, such as `rest://crm.customer`. */
  tool?: string
  /** Arguments of the tool. */
  inputs?: { [argument: string]: ArgumentInfo }
  /** Passages for a question, which is a template. */
  rag?: Pick<RagSpec, 'query'> & Partial<RagSpec>
  wait?: WaitSpec
  /** Name of another workflow. */
  workflow?: string
  /** Steps of a region of its own. */
  steps?: readonly Step[]
  dependsOn?: readonly string[]
  /** @default 'settled' */
  requires?: 'settled' | 'success'
  /** JSONLogic, or an expression such as `input.risky == true`. False: the step is skipped. */
  condition?: Json
  system?: string
  /** `provider/model`. @default the one that is routed to */
  model?: string
  modelOptions?: { [key: string]: Json }
  /** @default 'balanced' */
  tier?: Tier
  /** @default 'single' */
  strategy?: StrategyOptions
  /** Kinds alone are required. */
  capabilities?: readonly (CapabilityKind | { kind: CapabilityKind; required?: boolean })[]
  inputContract?: Contract
  outputContract?: Contract
  /** State keys that it may read. Absent: all. Empty: nothing. */
  readKeys?: readonly string[]
  /** Another spelling of `readKeys`. */
  reads?: readonly string[]
  writeKeys?: readonly string[]
  /** Another spelling of `writeKeys`. */
  writes?: readonly string[]
  /** Delays in seconds. @default what the failure policy says */
  retry?: Partial<RetrySpec>
  failurePolicy?: FailurePolicy | FailurePolicyOptions
  /** One action for every failure. */
  onFailure?: FailureActionName
  /** Items at once. @default 1 */
  foreachConcurrency?: number
  /** Field of an item that identifies it. @default its index */
  itemKey?: string
  budget?: BudgetSpec
  /** @default by what it does: models, passages and waits pure, functions, agents and workflows idempotent, tools effectful */
  effect?: ToolEffect
  /**
   * Reuse of an output that passed the contract, for so many milliseconds: only of steps with `effect: 'pure'`. What the step
   * may read tells outputs apart, and `key` besides; `readKeys` says that it reads less. @default none
   */
  cache?: { ttlMs: number; key?: string }
  /** How several writers of one state key are brought together. */
  reducers?: { [key: string]: StateReducer }
  /** Of an agent. */
  maxSteps?: number
  allowedTools?: readonly string[]
  /** Exclusive with the same keys on the step itself. */
  config?: StepConfig | StepConfigOptions
}

/** Names of the options of `Step`. */
export const stepOptions: readonly (keyof StepOptions)[] = [
  'name',
  'action',
  'prompt',
  'agent',
  'tool',
  'inputs',
  'rag',
  'wait',
  'workflow',
  'steps',
  'dependsOn',
  'requires',
  'condition',
  'system',
  'model',
  'modelOptions',
  'tier',
  'strategy',
  'capabilities',
  'inputContract',
  'outputContract',
  'readKeys',
  'reads',
  'writeKeys',
  'writes',
  'retry',
  'failurePolicy',
  'onFailure',
  'foreachConcurrency',
  'itemKey',
  'budget',
  'effect',
  'cache',
  'reducers',
  'maxSteps',
  'allowedTools',
  'config',
  ...stepConfigOptions,
]
