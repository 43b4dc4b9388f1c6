import { openLanes, stepLanes, type LanesInput, type LanesState, type LaneStep } from '../schedule/lanes.ts'

/** Lets the steps of one run begin, in order, as many at once as may. */
export class LaneGate {
  #state: LanesState
  readonly #begins = new Map<string, () => void>()

  constructor(max: number) {
    this.#state = openLanes(max)
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
    for (const { key } of begin) {
      const run = this.#begins.get(key)
      this.#begins.delete(key)
      run?.()
    }
  }
}
