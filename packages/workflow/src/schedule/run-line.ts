/** How many runs of one tenant may be at work, and how many more may stand in line for that. */
export interface RunLineLimits {
  readonly maxRunning: number
  readonly maxQueued: number
}

/** The runs of one tenant: each has a line of its own, so that nobody waits for another tenant's runs. Immutable. */
export interface RunLineState {
  readonly limits: RunLineLimits
  readonly running: number
  /** Runs that go on after they had been put aside, in order of arrival: they go before those that have not begun. */
  readonly resumed: readonly number[]
  /** Runs that have not begun, in order of arrival. */
  readonly fresh: readonly number[]
}

export type RunLineInput =
  /** `mustStay`: it is known to the store already, so it stands in line however long that is. */
  | { type: 'enter'; ticket: number; isResumed: boolean; mustStay: boolean }
  /** A run that had a place came to rest. */
  | { type: 'ended' }
  /** A run in line does not wait any more. */
  | { type: 'left'; ticket: number }

/** A line that nobody stands in. */
export function openRunLine(limits: RunLineLimits): RunLineState {
  return { limits, running: 0, resumed: [], fresh: [] }
}

/** One step of the machine: pure and total. Gives those that begin now, or that there is no room in the line. */
export function stepRunLine(
  state: RunLineState,
  input: RunLineInput,
): { state: RunLineState; begin: number[]; isRefused: boolean } {
  switch (input.type) {
    case 'enter': {
      const { ticket, isResumed, mustStay } = input
      // A place that is free has nobody in line for it.
      if (state.running < state.limits.maxRunning)
        return { state: { ...state, running: state.running + 1 }, begin: [ticket], isRefused: false }
      if (state.fresh.length >= state.limits.maxQueued && !mustStay && !isResumed)
        return { state, begin: [], isRefused: true }
      const line = isResumed
        ? { ...state, resumed: [...state.resumed, ticket] }
        : { ...state, fresh: [...state.fresh, ticket] }
      return { state: line, begin: [], isRefused: false }
    }
    case 'ended':
      return fill({ ...state, running: Math.max(0, state.running - 1) })
    case 'left': {
      const isOther = (ticket: number): boolean => ticket !== input.ticket
      const after = { ...state, resumed: state.resumed.filter(isOther), fresh: state.fresh.filter(isOther) }
      return { state: after, begin: [], isRefused: false }
    }
  }
}

function fill(state: RunLineState): { state: RunLineState; begin: number[]; isRefused: boolean } {
  if (state.resumed.length === 0 && state.fresh.length === 0) return { state, begin: [], isRefused: false }
  const free = state.limits.maxRunning - state.running
  const resumed = state.resumed.slice(0, free)
  const fresh = state.fresh.slice(0, free - resumed.length)
  const begin = [...resumed, ...fresh]
  const after = {
    ...state,
    running: state.running + begin.length,
    resumed: state.resumed.slice(resumed.length),
    fresh: state.fresh.slice(fresh.length),
  }
  return { state: after, begin, isRefused: false }
}
