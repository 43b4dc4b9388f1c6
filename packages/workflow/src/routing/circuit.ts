import { assertNever } from '@parley/spec'

/** Failures within the window that open a circuit. */
export const circuitFailures = 5
/** The window in which failures are counted, in ms. */
export const circuitWindowMs = 30_000
/** How long an open circuit stays shut to calls before one may probe it, in ms. */
export const circuitOpenMs = 15_000

/** Health of one model: in use, given a rest until an instant, or tried by one call that has until an instant. */
export type Circuit =
  | { readonly name: 'closed'; readonly failuresAtMs: readonly number[] }
  | { readonly name: 'open'; readonly untilMs: number }
  | { readonly name: 'probing'; readonly untilMs: number }

/** What happens to a model. `released`: a call ended without saying anything of the model's health. */
export type CircuitEvent = 'dispatched' | 'succeeded' | 'failed' | 'released'

/** Whether a model may be asked: not while its circuit is open, and by one call at a time while it is half open. */
export function isUsable(circuit: Circuit, nowMs: number): boolean {
  return circuit.name === 'closed' || nowMs >= circuit.untilMs
}

/**
 * Health of a model as a machine: 5 failures within 30 s open the circuit, after 15 s one call may probe it; its success
 * closes the circuit, its failure opens it again. Times are monotonic ms.
 */
export const circuitMachine: {
  readonly initial: Circuit
  step(state: Circuit, event: CircuitEvent, nowMs: number): { state: Circuit; effects: never[] }
} = {
  initial: { name: 'closed', failuresAtMs: [] },
  step: (state, event, nowMs) => ({ state: next(state, event, nowMs), effects: [] }),
}

function next(state: Circuit, event: CircuitEvent, nowMs: number): Circuit {
  switch (event) {
    case 'dispatched':
      // A probe that never reports back does not keep the model out for ever.
      return state.name === 'closed' || nowMs < state.untilMs
        ? state
        : { name: 'probing', untilMs: nowMs + circuitOpenMs }
    case 'succeeded':
      return state.name === 'probing' ? circuitMachine.initial : state
    case 'failed': {
      if (state.name === 'open') return state
      if (state.name === 'probing') return { name: 'open', untilMs: nowMs + circuitOpenMs }
      const failuresAtMs = [...state.failuresAtMs.filter((atMs) => nowMs - atMs < circuitWindowMs), nowMs]
      if (failuresAtMs.length < circuitFailures) return { name: 'closed', failuresAtMs }
      return { name: 'open', untilMs: nowMs + circuitOpenMs }
    }
    case 'released':
      return state.name === 'probing' ? { name: 'open', untilMs: nowMs } : state
    default:
      return assertNever(event)
  }
}
