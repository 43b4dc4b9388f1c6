/** A step that is ready and waits for its turn. */
export interface LaneStep {
  key: string
  /** Place in the definition: the lower goes first. */
  order: number
  /** Shares the run's one serial lane. */
  serial: boolean
  /** Of the step's region; absent: only the run's limit. */
  region?: { path: string; max: number }
}

/** Who may act at once in a run. Immutable. */
export interface LanesState {
  readonly max: number
  readonly running: ReadonlyMap<string, LaneStep>
  /** By `order`. */
  readonly waiting: readonly LaneStep[]
  readonly isPaused: boolean
}

export type LanesInput =
  | { type: 'ready'; step: LaneStep }
  | { type: 'ended'; key: string }
  /** Nothing more begins until it is resumed. */
  | { type: 'pause' }
  | { type: 'resume' }
  /** Whoever waits is forgotten: nothing begins any more. */
  | { type: 'stop' }

export function openLanes(max: number): LanesState {
  return { max: Math.max(1, max), running: new Map(), waiting: [], isPaused: false }
}

/** One step of the machine: pure and total. Gives the steps that begin now, in order of definition. */
export function stepLanes(state: LanesState, input: LanesInput): { state: LanesState; begin: LaneStep[] } {
  switch (input.type) {
    case 'ready':
      return fill({ ...state, waiting: insert(state.waiting, input.step) })
    case 'ended': {
      if (!state.running.has(input.key))
        return { state: { ...state, waiting: state.waiting.filter(({ key }) => key !== input.key) }, begin: [] }
      const running = new Map(state.running)
      running.delete(input.key)
      return fill({ ...state, running })
    }
    case 'pause':
      return { state: { ...state, isPaused: true }, begin: [] }
    case 'resume':
      return fill({ ...state, isPaused: false })
    case 'stop':
      return { state: { ...state, waiting: [], isPaused: true }, begin: [] }
  }
}

function fill(state: LanesState): { state: LanesState; begin: LaneStep[] } {
  if (state.isPaused || state.waiting.length === 0 || state.running.size >= state.max) return { state, begin: [] }
  const { max, running } = state
  let waiting: LaneStep[] = []
  const begin: LaneStep[] = []
  let serialIsTaken = false
  for (const { serial } of running.values()) serialIsTaken ||= serial
  const inRegion = new Map<string, number>()
  for (const { region } of running.values())
    if (region !== undefined) inRegion.set(region.path, (inRegion.get(region.path) ?? 0) + 1)
  for (const [index, step] of state.waiting.entries()) {
    if (running.size + begin.length >= max) {
      // Those are many where a thousand steps are ready at once.
      waiting = waiting.concat(state.waiting.slice(index))
      break
    }
    const { region } = step
    const regionIsFull = region !== undefined && (inRegion.get(region.path) ?? 0) >= region.max
    if (regionIsFull || (step.serial && serialIsTaken)) {
      waiting.push(step)
      continue
    }
    if (region !== undefined) inRegion.set(region.path, (inRegion.get(region.path) ?? 0) + 1)
    if (step.serial) serialIsTaken = true
    begin.push(step)
  }
  if (begin.length === 0) return { state, begin }
  const all = new Map(running)
  for (const step of begin) all.set(step.key, step)
  return { state: { ...state, running: all, waiting }, begin }
}

function insert(waiting: readonly LaneStep[], step: LaneStep): LaneStep[] {
  let low = 0
  let high = waiting.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((waiting[middle]?.order ?? 0) <= step.order) low = middle + 1
    else high = middle
  }
  return [...waiting.slice(0, low), step, ...waiting.slice(low)]
}
