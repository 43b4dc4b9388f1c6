import type { StepDefinition } from '@parley/spec'

/** A `flow` region by ids. */
export interface FlowPlan {
  readonly start: string
  readonly steps: ReadonlyMap<string, StepDefinition>
}

/** Reads the nodes of a region once. */
export function planFlow(start: string, steps: readonly StepDefinition[]): FlowPlan {
  return { start, steps: new Map(steps.map((step) => [step.id, step])) }
}

/** Where the one token of a flow is. Immutable. */
export interface FlowState {
  readonly plan: FlowPlan
  /** The node that is running. */
  readonly at: string | undefined
  /** How often each node was entered. */
  readonly passes: ReadonlyMap<string, number>
  readonly stopped: boolean
}

export type FlowInput =
  | { type: 'start' }
  /** The node is done; `next` is where it leads, absent at an end. */
  | { type: 'left'; next: string | undefined }
  | { type: 'failed' }
  | { type: 'stop' }

export type FlowEffect =
  | { type: 'enter'; step: StepDefinition; /** From 1. */ visit: number }
  | { type: 'interrupt' }
  | { type: 'ended'; outcome: 'completed' | 'failed' | 'stopped'; lost?: string }

export function openFlow(plan: FlowPlan): FlowState {
  return { plan, at: undefined, passes: new Map(), stopped: false }
}

/** One step of the machine: pure and total. A token that was led to a node that does not exist ends as failed. */
export function stepFlow(state: FlowState, input: FlowInput): { state: FlowState; effects: FlowEffect[] } {
  switch (input.type) {
    case 'start':
      return state.at === undefined ? enter(state, state.plan.start) : { state, effects: [] }
    case 'left':
      if (state.at === undefined) return { state, effects: [] }
      if (state.stopped) return end(state, 'stopped')
      return input.next === undefined ? end(state, 'completed') : enter(state, input.next)
    case 'failed':
      return state.at === undefined ? { state, effects: [] } : end(state, state.stopped ? 'stopped' : 'failed')
    case 'stop':
      if (state.stopped || state.at === undefined) return { state, effects: [] }
      return { state: { ...state, stopped: true }, effects: [{ type: 'interrupt' }] }
  }
}

function enter(state: FlowState, id: string): { state: FlowState; effects: FlowEffect[] } {
  const step = state.plan.steps.get(id)
  if (step === undefined)
    return { state: { ...state, at: undefined }, effects: [{ type: 'ended', outcome: 'failed', lost: id }] }
  const visit = (state.passes.get(id) ?? 0) + 1
  const passes = new Map(state.passes).set(id, visit)
  return { state: { ...state, at: id, passes }, effects: [{ type: 'enter', step, visit }] }
}

function end(
  state: FlowState,
  outcome: 'completed' | 'failed' | 'stopped',
): { state: FlowState; effects: FlowEffect[] } {
  return { state: { ...state, at: undefined }, effects: [{ type: 'ended', outcome }] }
}
