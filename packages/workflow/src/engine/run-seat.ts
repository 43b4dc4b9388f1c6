import type { Clock } from '@parley/spec'
import type { LaneKeeper } from './lane-gate.ts'

/** The place that a run works in: one of its own, or that of the run that it is a step of. */
export interface SeatPlace {
  /** Gives it to others for as long as the run rests. */
  rest(): void
  /** Asks for it again. Absent: it has it. */
  again(): Promise<void> | undefined
}

/** What a seat knows of the execution that sits in it. */
interface SeatUse {
  /** Steps that have begun and not ended. */
  running: () => number
  /** Whether the run comes to its end or is put aside, for which nobody needs a place. */
  isStopping: () => boolean
  onHalt: (run: () => void) => () => void
}

/**
 * Whether a run is at work. It rests when each step that has begun is a run of its own that rests or waits: its place is
 * others' then, and it stands in line for one before anything of it goes on.
 */
export class RunSeat implements LaneKeeper {
  readonly #place: SeatPlace | undefined
  readonly #clock: Clock
  /** Runs inside of it that rest or wait, by id; each is a step that has begun. */
  readonly #still = new Set<string>()
  #use: SeatUse | undefined
  #isResting = false
  #asked: Promise<void> | undefined
  #stopLook: (() => void) | undefined

  /** @param place - absent: it is never given on */
  constructor(place: SeatPlace | undefined, clock: Clock) {
    this.#place = place
    this.#clock = clock
  }

  /** Another execution of the run begins. */
  open(use: SeatUse): void {
    this.#use = use
  }

  /** The run is over, or put aside; its place is given back by whoever took it. */
  close(): void {
    this.#use = undefined
    this.#still.clear()
    this.#stopLook?.()
    this.#stopLook = undefined
  }

  /** The place of a run inside of this one. */
  partOf(runId: string): SeatPlace {
    return {
      rest: () => {
        this.#still.add(runId)
        this.lookAgain()
      },
      again: () => {
        this.#still.delete(runId)
        return this.goOn()
      },
    }
  }

  /** Something goes on. Absent: it may at once; else when it resolves. */
  goOn(): Promise<void> | undefined {
    if (!this.#isResting || this.#use?.isStopping() === true) return this.#asked
    this.#isResting = false
    const taken = this.#place?.again()
    if (taken === undefined) return undefined
    this.#asked = this.#untilHalt(taken).then(() => {
      this.#asked = undefined
      this.lookAgain()
    })
    return this.#asked
  }

  /** A step has ended, or rests. Looked at when what follows from it has begun. */
  lookAgain(): void {
    if (this.#still.size === 0 || this.#stopLook !== undefined) return
    this.#stopLook = this.#clock.setTimer(0, () => {
      this.#stopLook = undefined
      if (this.#isResting || this.#asked !== undefined || this.#use?.running() !== this.#still.size) return
      this.#isResting = true
      this.#place?.rest()
    })
  }

  /** What ends takes no place for that. */
  #untilHalt(taken: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const dropHalt = this.#use?.onHalt(resolve)
      void taken.then(() => {
        dropHalt?.()
        resolve()
      })
    })
  }
}
