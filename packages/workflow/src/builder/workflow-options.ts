import type { BudgetSpec, Contract, Json, WorkflowCompat } from '@parley/spec'
import type { DefinitionLimits } from '../definition/check/check-options.ts'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import type { FailurePolicy, FailurePolicyOptions } from './failure-policy.ts'
import type { Step } from './step.ts'

/** What a workflow is made of. */
export interface WorkflowOptions {
  name: string
  /** One or more. */
  steps: readonly Step[]
  /** @default '1' */
  version?: string
  description?: string
  input?: Contract
  output?: Contract
  /** Templates by the key of the result. @default the outputs of the steps that nobody depends on */
  outputs?: { [key: string]: string }
  failurePolicy?: FailurePolicy | FailurePolicyOptions
  /** Steps at once. @default 32 */
  maxConcurrency?: number
  /** Calls of models in one run. @default 50 */
  maxLlmCalls?: number
  /** Whether steps that say nothing may run beside each other. @default false */
  parallel?: boolean
  /** Told what happens in runs. @default [] */
  hooks?: readonly WorkflowHooks[]
  /** Keys that are redacted besides those that are known, as globs. */
  sensitiveKeys?: readonly string[]
  /** Of the whole run. */
  budget?: BudgetSpec
  metadata?: { [key: string]: Json }
  /** Older meanings of a few rules. */
  compat?: WorkflowCompat
  /** How much the definition may hold. @default 1000 steps, 16 regions inside each other */
  limits?: Partial<DefinitionLimits>
}

/** Names of the options of `Workflow`. */
export const workflowOptions: readonly (keyof WorkflowOptions)[] = [
  'name',
  'steps',
  'version',
  'description',
  'input',
  'output',
  'outputs',
  'failurePolicy',
  'maxConcurrency',
  'maxLlmCalls',
  'parallel',
  'hooks',
  'sensitiveKeys',
  'budget',
  'metadata',
  'compat',
  'limits',
]
