/** A call of a model that asks for a place, or has one. */
export interface PlacedCall {
  readonly id: number
  readonly provider: string
  readonly tenantId: string
}

/** How many calls of models may be under way at once. */
export interface CallLimits {
  readonly perProvider: number
  readonly perTenant: number
}

/** Calls that are under way, and those that wait for that. Immutable. */
export interface CallPlacesState {
  readonly limits: CallLimits
  readonly running: readonly PlacedCall[]
  /** In order of arrival. */
  readonly waiting: readonly PlacedCall[]
}

export type CallPlacesInput =
  | { type: 'enter'; call: PlacedCall }
  /** It has ended, or does not wait any more. */
  | { type: 'left'; id: number }

export function openCallPlaces(limits: CallLimits): CallPlacesState {
  return { limits, running: [], waiting: [] }
}

/**
 * One step of the machine: pure and total. Of those that wait for one provider the next is of the tenant that has the
 * fewest calls there, so that one with a thousand calls does not keep others away; among equals the first that came.
 */
export function stepCallPlaces(
  state: CallPlacesState,
  input: CallPlacesInput,
): { state: CallPlacesState; begin: PlacedCall[] } {
  switch (input.type) {
    case 'enter':
      return fill({ ...state, waiting: [...state.waiting, input.call] })
    case 'left': {
      const isOther = ({ id }: PlacedCall): boolean => id !== input.id
      return fill({ ...state, running: state.running.filter(isOther), waiting: state.waiting.filter(isOther) })
    }
  }
}

function fill(state: CallPlacesState): { state: CallPlacesState; begin: PlacedCall[] } {
  const running = [...state.running]
  const begin: PlacedCall[] = []
  let waiting = state.waiting
  for (let next = chosen(state.limits, running, waiting); next !== undefined;) {
    const { id } = next
    running.push(next)
    begin.push(next)
    waiting = waiting.filter((call) => call.id !== id)
    next = chosen(state.limits, running, waiting)
  }
  return { state: begin.length === 0 ? state : { ...state, running, waiting }, begin }
}

function chosen(
  { perProvider, perTenant }: CallLimits,
  running: readonly PlacedCall[],
  waiting: readonly PlacedCall[],
): PlacedCall | undefined {
  if (waiting.length === 0) return undefined
  const atProvider = new Map<string, number>()
  const ofTenant = new Map<string, number>()
  const ofBoth = new Map<string, number>()
  for (const call of running) {
    count(atProvider, call.provider)
    count(ofTenant, call.tenantId)
    count(ofBoth, bothOf(call))
  }
  let best: PlacedCall | undefined
  let fewest = Infinity
  for (const call of waiting) {
    if ((atProvider.get(call.provider) ?? 0) >= perProvider || (ofTenant.get(call.tenantId) ?? 0) >= perTenant) continue
    const own = ofBoth.get(bothOf(call)) ?? 0
    if (own >= fewest) continue
    best = call
    fewest = own
  }
  return best
}

function bothOf({ provider, tenantId }: PlacedCall): string {
  return JSON.stringify([provider, tenantId])
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
