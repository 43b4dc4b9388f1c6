import type { Contract, WorkflowDefinition, WorkflowProblem } from '@parley/spec'
import type { WorkflowHooks } from '../log/workflow-hooks.ts'
import type { RegisteredFunction } from './step-context.ts'

/** A definition with what it names: what cannot be written as JSON. */
export interface CompiledWorkflow {
  readonly definition: WorkflowDefinition
  /** By name. */
  readonly functions: ReadonlyMap<string, RegisteredFunction>
  /** What a plan for one of its runs may name besides. @default `functions` */
  readonly registered?: ReadonlyMap<string, RegisteredFunction>
  /** Contracts that are not plain JSON Schema, by name. */
  readonly contracts: ReadonlyMap<string, Contract>
  /** What is wrong. A definition with errors does not run. */
  readonly problems: readonly WorkflowProblem[]
  /** Told what happens in runs of this workflow, after those of the engine. */
  readonly hooks?: readonly WorkflowHooks[]
}
