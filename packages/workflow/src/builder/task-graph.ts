import { checkOptions, nearestName, ParleyError, type Contract, type Json, type WorkflowProblem } from '@parley/spec'
import { orderSteps } from '../definition/order-steps.ts'
import { planDag, type DagPlan } from '../schedule/dag-plan.ts'
import type { CompiledWorkflow } from '../step/compiled-workflow.ts'
import type { RegisteredFunction } from '../step/step-context.ts'
import { compileWorkflow } from './compile-workflow.ts'
import type { Step } from './step.ts'
import { stepsFromDict, stepToDict } from './task-graph-dict.ts'

/** What a task graph is made of. */
export interface TaskGraphOptions {
  name: string
  steps: readonly Step[]
  metadata?: { [key: string]: Json }
}

/** What the names in a stored graph stand for. */
export interface GraphRegistries {
  functions?: ReadonlyMap<string, RegisteredFunction>
  contracts?: ReadonlyMap<string, Contract>
}

/** Steps and who waits for whom, implied edges included. @throws {ParleyError} `invalid_options` */
export class TaskGraph {
  readonly name: string
  readonly steps: readonly Step[]
  readonly metadata: { readonly [key: string]: Json }
  readonly #compiled: CompiledWorkflow
  readonly #plan: DagPlan

  constructor(options: TaskGraphOptions, registries: Pick<GraphRegistries, 'contracts'> = {}) {
    checkOptions('TaskGraph', options, ['name', 'steps', 'metadata'])
    const { name, steps, metadata = {} } = options
    this.#compiled = compileWorkflow({ name, steps, metadata }, registries.contracts)
    this.#plan = planDag(this.#compiled.definition.root.steps)
    this.name = name
    this.steps = [...steps]
    this.metadata = metadata
  }

  /** All that is wrong with the graph, at once. */
  validate(): WorkflowProblem[] {
    return [...this.#compiled.problems]
  }

  /** @throws {ParleyError} `unknown_reference` */
  getStep(name: string): Step {
    return this.#step(this.#position(name))
  }

  /** What a step waits for, in order of the definition. @throws {ParleyError} `unknown_reference` */
  getDependencies(name: string): Step[] {
    return this.#stepsAt(this.#plan.dependencies[this.#position(name)] ?? [])
  }

  /** What waits for a step, in order of the definition. @throws {ParleyError} `unknown_reference` */
  getDependents(name: string): Step[] {
    return this.#stepsAt(this.#plan.dependents[this.#position(name)] ?? [])
  }

  /** Steps that may begin now: not ended yet, and all that they wait for has completed. In order of the definition. */
  getReadySteps(completed: Iterable<string>, failed: Iterable<string> = []): Step[] {
    const done = this.#positionsOf(completed)
    const ended = new Set([...done, ...this.#positionsOf(failed)])
    return this.steps.filter((_step, position) => {
      const dependencies = this.#plan.dependencies[position] ?? []
      return !ended.has(position) && dependencies.every((dependency) => done.has(dependency))
    })
  }

  /** Steps that can never begin since what they wait for, near or far, has failed. In order of the definition. */
  getCascadeSkipSteps(failed: Iterable<string>): Step[] {
    const start = this.#positionsOf(failed)
    const reached = new Set(start)
    for (const position of reached) for (const next of this.#plan.dependents[position] ?? []) reached.add(next)
    return this.steps.filter((_step, position) => reached.has(position) && !start.has(position))
  }

  /**
   * The steps so that each comes after all it waits for; what was added first comes first where both may.
   * @throws {ParleyError} `workflow_cycle`
   */
  order(): Step[] {
    const order = orderSteps(this.#plan)
    if (order.length === this.steps.length) return this.#stepsAt(order)
    const circle = this.#compiled.problems.find(({ code }) => code === 'workflow_cycle' || code === 'self_dependency')
    throw new ParleyError({
      code: 'workflow_cycle',
      message: `The graph "${this.name}" has no order. ${circle?.message ?? 'Steps wait for each other.'}`,
    })
  }

  /** The graph as JSON; functions and registered contracts are named in it, not contained. */
  toDict(): { [key: string]: Json } {
    const steps = this.#compiled.definition.root.steps.map(stepToDict)
    return { name: this.name, steps, metadata: { ...this.metadata } }
  }

  /**
   * A graph that was stored. A function or contract that is not registered is a problem of `validate()`.
   * @throws {ParleyError} `document_invalid` for what `toDict` does not give
   */
  static fromDict(dict: unknown, registries: GraphRegistries = {}): TaskGraph {
    const { name, steps, metadata } = stepsFromDict(dict, registries.functions ?? new Map())
    return new TaskGraph({ name, steps, metadata }, registries)
  }

  #position(name: string): number {
    const position = this.#plan.positions.get(name)
    if (position !== undefined) return position
    const nearest = nearestName(name, [...this.#plan.positions.keys()])
    throw new ParleyError({
      code: 'unknown_reference',
      message: `The graph "${this.name}" has no step "${name}". ${nearest === undefined ? 'Name one of its steps.' : `Did you mean "${nearest}"?`}`,
      details: { step: name },
    })
  }

  #positionsOf(names: Iterable<string>): Set<number> {
    return new Set([...names].map((name) => this.#position(name)))
  }

  #stepsAt(positions: readonly number[]): Step[] {
    return positions.map((position) => this.#step(position))
  }

  #step(position: number): Step {
    const step = this.steps[position]
    if (step !== undefined) return step
    throw new ParleyError({ code: 'internal_error', message: `The graph "${this.name}" has no position ${position}.` })
  }
}
