import { openLanes, stepLanes, type LanesInput, type LanesState, type LaneStep } from '../schedule/lanes.ts'

/** Who is asked before a step begins, and told when one has ended. */
export interface LaneKeeper {
  /** Absent: it may begin at once; else when it resolves. */
  goOn(): Promise<void> | undefined
  lookAgain(): void
}

/** Lets the steps of one run begin, in order, as many at once as may. */
export class LaneGate {
  #state: LanesState
  readonly #keeper: LaneKeeper | undefined
  readonly #begins = new Map<string, () => void>()

  constructor(max: number, keeper?: LaneKeeper) {
    this.#state = openLanes(max)
    this.#keeper = keeper
  }

  /** Calls `begin` when the step has its place, at once if there is one. */
  request(step: LaneStep, begin: () => void): void {
    this.#begins.set(step.key, begin)
    this.#feed({ type: 'ready', step })
  }

  /** Gives a place back, or leaves the queue. */
  leave(key: string): void {
    this.#begins.delete(key)
    this.#feed({ type: 'ended', key })
    this.#keeper?.lookAgain()
  }

  pause(): void {
    this.#feed({ type: 'pause' })
  }

  /** Whoever waits for a place will not have it. */
  stop(): void {
    this.#begins.clear()
    this.#feed({ type: 'stop' })
  }

  /** Whether somebody waits for a place. */
  get isAskedFor(): boolean {
    return this.#state.waiting.length > 0
  }

  get running(): number {
    return this.#state.running.size
  }

  #feed(input: LanesInput): void {
    const { state, begin } = stepLanes(this.#state, input)
    this.#state = state
    if (begin.length === 0) return
    const held = this.#keeper?.goOn()
    if (held === undefined) return this.#begin(begin)
    // Whoever leaves meanwhile does not begin.
    void held.then(() => this.#begin(begin))
  }

  #begin(steps: readonly LaneStep[]): void {
    for (const { key } of steps) {
      const run = this.#begins.get(key)
      this.#begins.delete(key)
      run?.()
    }
  }
}
