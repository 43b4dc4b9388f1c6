import type { Json, RunEvent, WorkflowDefinition, WorkflowProblem } from '@parley/spec'
import { toDocument } from '../documents/to-document.ts'
import { runCompiled, streamCompiled, type OwnRunOptions } from '../engine/private-engine.ts'
import type { RunResult } from '../engine/run-result.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import { compileWorkflow } from './compile-workflow.ts'
import type { WorkflowOptions } from './workflow-options.ts'

/**
 * A workflow in code. It is compiled and checked once, when it is made; what is wrong with it is in `validate()`, and it
 * does not run then.
 * @throws {ParleyError} `invalid_options` for unknown options and what is no step; `value_not_json`, `limit_exceeded`
 * @example
 * const greet = new Step({ name: 'greet', action: (ctx) => `Hello, ${ctx.input.name}!` })
 * const result = await new Workflow({ name: 'hello', steps: [greet] }).run({ name: 'Kairos' })
 */
export class Workflow {
  readonly name: string
  /** What an engine runs. */
  readonly compiled: CompiledWorkflow

  constructor(options: WorkflowOptions) {
    this.compiled = compileWorkflow(options)
    this.name = options.name
  }

  /** What may run, as plain data. */
  get definition(): WorkflowDefinition {
    return this.compiled.definition
  }

  /** All that is wrong, at once; empty when it may run. */
  validate(): WorkflowProblem[] {
    return [...this.compiled.problems]
  }

  /** The definition as a native document; functions are named in it, not contained. */
  toDocument(): { [key: string]: Json } {
    return toDocument(this.definition)
  }

  /** Runs to the end, on the engine that is given, else on one of its own in memory. @throws {ParleyError} `document_invalid` */
  run(input: unknown = {}, options: OwnRunOptions = {}): Promise<RunResult> {
    return runCompiled(this.compiled, input, options)
  }

  /** Runs and gives what happens; the last event tells the end. @throws {ParleyError} `document_invalid` */
  stream(input: unknown = {}, options: OwnRunOptions = {}): AsyncGenerator<RunEvent> {
    return streamCompiled(this.compiled, input, options)
  }
}
