import type { Budget, Json, RetryContext } from '@parley/spec'
import { cloneJson } from '../state/copy-json.ts'
import type { Inputs } from '../step/step-context.ts'
import { DeltaFeed } from './delta-feed.ts'
import { budgetOf, itemOf, outputOf, readableInput, type DataSources, type Frame, type ItemPlace } from './frame.ts'
import type { PreparedStep } from './prepare.ts'
import type { Try, Work } from './run-attempt.ts'
import type { RunScope, StepPlace } from './run-scope.ts'

/** One try of a step: where it is, what it may see and what it has found out. */
export class Attempt {
  readonly scope: RunScope
  readonly prepared: PreparedStep
  readonly frame: Frame
  readonly stepKey: string
  readonly number: number
  /** From 1; above when it was interrupted and begins again. */
  readonly dispatch: number
  /** Attempts under an earlier plan. */
  readonly before: number
  readonly startedMs: number
  readonly item: ItemPlace | undefined
  /** Whether it is of an item, not of the whole step. */
  readonly #isOfItem: boolean
  readonly retryContext: RetryContext | undefined
  /** Aborted at the timeout and when the run has been decided. */
  readonly signal: AbortSignal
  readonly place: StepPlace
  /** Calls of models, for keys that do not repeat. */
  calls = 0
  /** What the calls of models have cost; `null` once a price is not known. */
  costNanoUsd: number | null = 0
  modelId: string | undefined
  verified: boolean | undefined
  readonly receiptIds: string[] = []
  /** Its output is that of an earlier step. */
  isReused = false
  /** False: a fault inside of it was hidden by a policy. */
  isWhole = true
  /** Its end has been recorded. */
  isKept = false
  /** What it still does is nobody's. */
  isOver = false
  #inputs: Inputs | undefined
  #budget: Budget | undefined
  #deltas: DeltaFeed | undefined

  constructor(
    { scope, prepared, frame, stepKey, item }: Pick<Work, 'scope' | 'prepared' | 'frame' | 'stepKey' | 'item'>,
    { number, dispatch, before, retryContext }: Try,
    signal: AbortSignal,
  ) {
    this.scope = scope
    this.prepared = prepared
    this.frame = frame
    this.stepKey = stepKey
    this.number = number
    this.dispatch = dispatch
    this.before = before
    this.startedMs = scope.clock.now()
    this.#isOfItem = item !== undefined
    this.item = item ?? itemOf(frame)
    this.retryContext = retryContext
    this.signal = signal
    this.place = { step: prepared.step.id, stepKey, attempt: number }
  }

  get idempotencyKey(): string {
    return `${this.scope.run.id}:${this.stepKey}:${this.number}`
  }

  /** The envelopes of the run, and of the step and those around it where they have one of their own. */
  get budget(): Budget {
    const { budget } = this.prepared.step
    this.#budget ??=
      budget === undefined
        ? (budgetOf(this.frame) ?? this.scope.budget)
        : this.scope.stepBudget(this.#budgetKey, budget, this.frame)
    return this.#budget
  }

  /** All items of a step share its envelope. */
  get #budgetKey(): string {
    return this.#isOfItem ? this.stepKey.slice(0, this.stepKey.lastIndexOf('#')) : this.stepKey
  }

  /** What it shows while it works. */
  get deltas(): DeltaFeed {
    this.#deltas ??= new DeltaFeed(this.scope, this.place, this.prepared.step.stream)
    return this.#deltas
  }

  /** What it has shown does not hold: it is tried again. */
  takeBack(): void {
    this.#deltas?.restart('retry')
  }

  /** What it still does is nobody's; what it has shown in part is shown whole. */
  close(): void {
    this.#deltas?.end()
    this.isOver = true
  }

  /** Outputs of dependencies by name, as copies; the run's input where there are none. */
  inputs(): Inputs {
    this.#inputs ??= collectInputs(this)
    return this.#inputs
  }

  /** What an input contract made of them. */
  replaceInputs(inputs: Inputs): void {
    this.#inputs = inputs
  }

  /** Where templates and conditions of the step are looked up. */
  get sources(): DataSources {
    return sourcesOf(this.scope, this.frame, this.item)
  }
}

/** Where data is looked up for a step of a region. */
export function sourcesOf(scope: RunScope, frame: Frame, item: ItemPlace | undefined = itemOf(frame)): DataSources {
  return {
    input: scope.run.input,
    state: scope.state,
    templates: scope.workflow.compiled.definition.templates,
    frame,
    hasItem: item !== undefined,
    ...(item === undefined ? {} : { item: item.value }),
    ...(scope.history === undefined ? {} : { history: scope.history.valueOf }),
  }
}

function collectInputs({ scope, prepared, frame }: Attempt): Inputs {
  const { dependsOn } = prepared.step
  // The run's input is what its contract says; a step reads it as it is.
  if (dependsOn.length === 0) return cloneJson(readableInput(scope.run.input, prepared.scope)) as Inputs
  const inputs: { [name: string]: Json } = {}
  for (const id of dependsOn) if (prepared.scope.canRead(id)) inputs[id] = cloneJson(outputOf(frame, id) ?? null)
  return inputs
}
