import type { SkipReason } from '@parley/spec'
import { at, ChunkedDraft, zeros, type Chunked } from './chunked.ts'
import type { DagPlan } from './dag-plan.ts'

/** How a step ended, as far as the steps after it care. */
export type DagOutcome = 'completed' | 'failed' | 'skipped' | 'cancelled'

export type DagInput =
  | { type: 'start' }
  /** The step has begun to act. */
  | { type: 'started'; step: number }
  | { type: 'settled'; settled: DagSettled }
  /** Nothing new begins; what runs is told to end. */
  | { type: 'stop' }

export interface DagSettled {
  step: number
  outcome: DagOutcome
  /** Of a skipped step; those of kind `dependency` carry on to their dependents. */
  skip?: SkipReason
}

export type DagEffect =
  | { type: 'ready'; step: number }
  | { type: 'skip'; step: number; reason: SkipReason }
  /** Never begun. */
  | { type: 'cancel'; step: number }
  /** Running: told to end, and its end is still waited for. */
  | { type: 'interrupt'; step: number }
  | { type: 'ended'; failed: boolean }

/** Immutable; each step of the machine gives a new one. */
export interface DagState {
  readonly plan: DagPlan
  /** A `Mark` per step. */
  readonly marks: Chunked
  /** Dependencies per step that are not settled. */
  readonly open: Chunked
  readonly unsettled: number
  /** Steps that are ready or running. */
  readonly active: number
  readonly failed: boolean
  readonly stopped: boolean
}

const PENDING = 0
const READY = 1
const RUNNING = 2
const COMPLETED = 3
const FAILED = 4
/** Skipped, and so are its dependents. */
const CASCADING = 5
/** Skipped by itself: dependents run. */
const SKIPPED = 6
const CANCELLED = 7

/** A region of which nothing has begun. */
export function openDag(plan: DagPlan): DagState {
  const open = new ChunkedDraft(zeros(plan.steps.length))
  plan.dependencies.forEach((dependencies, step) => open.set(step, dependencies.length))
  return {
    plan,
    marks: zeros(plan.steps.length),
    open: open.done(),
    unsettled: plan.steps.length,
    active: 0,
    failed: false,
    stopped: false,
  }
}

/** One step of the machine: pure and total. An input about a step that is settled already changes nothing. */
export function stepDag(state: DagState, input: DagInput): { state: DagState; effects: DagEffect[] } {
  const draft = new DagDraft(state)
  switch (input.type) {
    case 'start':
      draft.start()
      break
    case 'started':
      draft.begin(input.step)
      break
    case 'settled':
      draft.settle(input.settled)
      break
    case 'stop':
      draft.stop()
      break
  }
  return draft.done()
}

/** Whether a step has ended, in whichever way. */
export function isSettled({ marks }: DagState, step: number): boolean {
  return at(marks, step) >= COMPLETED
}

class DagDraft {
  readonly #state: DagState
  readonly #marks: ChunkedDraft
  readonly #open: ChunkedDraft
  readonly #effects: DagEffect[] = []
  #unsettled: number
  #active: number
  #failed: boolean
  #stopped: boolean

  constructor(state: DagState) {
    this.#state = state
    this.#marks = new ChunkedDraft(state.marks)
    this.#open = new ChunkedDraft(state.open)
    this.#unsettled = state.unsettled
    this.#active = state.active
    this.#failed = state.failed
    this.#stopped = state.stopped
  }

  begin(step: number): void {
    if (this.#marks.get(step) === READY) this.#marks.set(step, RUNNING)
  }

  start(): void {
    this.#state.plan.steps.forEach((_, step) => this.look(step))
  }

  /** Settles a step, and those that are skipped because of it: a queue, since chains are long. */
  settle(settled: DagSettled): void {
    const queue = [settled]
    for (let index = 0; index < queue.length; index++) {
      const { step, outcome, skip } = queue[index] ?? settled
      if (step >= this.#state.plan.steps.length || this.#marks.get(step) >= COMPLETED) continue
      this.#leave(step)
      this.#marks.set(step, markOf(outcome, skip))
      this.#unsettled -= 1
      if (outcome === 'failed') this.#failed = true
      for (const dependent of this.#state.plan.dependents[step] ?? []) {
        this.#open.set(dependent, this.#open.get(dependent) - 1)
        const reason = this.look(dependent)
        if (reason !== undefined) queue.push({ step: dependent, outcome: 'skipped', skip: reason })
      }
    }
  }

  /** Lets a step begin whose dependencies are settled; gives the reason when it is to be skipped instead. */
  look(step: number): SkipReason | undefined {
    if (this.#marks.get(step) !== PENDING || this.#open.get(step) > 0) return undefined
    const because = this.#cause(step)
    if (because !== undefined) {
      const reason: SkipReason = { kind: 'dependency', because }
      this.#effects.push({ type: 'skip', step, reason })
      return reason
    }
    if (this.#stopped) {
      this.#cancel(step)
      return undefined
    }
    this.#marks.set(step, READY)
    this.#active += 1
    this.#effects.push({ type: 'ready', step })
    return undefined
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#state.plan.steps.forEach((_, step) => {
      const mark = this.#marks.get(step)
      if (mark === RUNNING) this.#effects.push({ type: 'interrupt', step })
      else if (mark === PENDING || mark === READY) this.#cancel(step)
    })
  }

  done(): { state: DagState; effects: DagEffect[] } {
    const effects = this.#effects
    if (this.#unsettled === 0 && (this.#state.unsettled > 0 || this.#state.plan.steps.length === 0))
      effects.push({ type: 'ended', failed: this.#failed })
    const state: DagState = {
      plan: this.#state.plan,
      marks: this.#marks.done(),
      open: this.#open.done(),
      unsettled: this.#unsettled,
      active: this.#active,
      failed: this.#failed,
      stopped: this.#stopped,
    }
    return { state, effects }
  }

  #leave(step: number): void {
    const mark = this.#marks.get(step)
    if (mark === READY || mark === RUNNING) this.#active -= 1
  }

  #cancel(step: number): void {
    this.#leave(step)
    this.#marks.set(step, CANCELLED)
    this.#unsettled -= 1
    this.#effects.push({ type: 'cancel', step })
  }

  /** The first dependency, in order of definition, that keeps a step from running. */
  #cause(step: number): string | undefined {
    const { plan } = this.#state
    const needsSuccess = plan.steps[step]?.requires === 'success'
    const blocking = plan.dependencies[step]?.find((dependency) => {
      const mark = this.#marks.get(dependency)
      return mark === FAILED || mark === CASCADING || (needsSuccess && mark === SKIPPED)
    })
    return blocking === undefined ? undefined : plan.steps[blocking]?.id
  }
}

function markOf(outcome: DagOutcome, skip: SkipReason | undefined): number {
  switch (outcome) {
    case 'completed':
      return COMPLETED
    case 'failed':
      return FAILED
    case 'cancelled':
      return CANCELLED
    case 'skipped':
      return skip?.kind === 'dependency' ? CASCADING : SKIPPED
  }
}
