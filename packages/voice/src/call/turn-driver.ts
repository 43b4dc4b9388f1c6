import type { Clock, Disposer, Json } from '@parley/spec'
import { StepLog } from '../replay/step-log.ts'
import type { TurnEffect, TurnReceipt } from '../turn/turn-effects.ts'
import type { TurnEvent } from '../turn/turn-events.ts'
import type { TurnMachine, TurnState } from '../turn/turn-machine.ts'

/** What runs the machine's decisions. */
export interface TurnInterpreter {
  run(effect: TurnEffect): void
  /** Told of each event before it is decided on. */
  took(event: TurnEvent, nowMs: number): void
  receipt(receipt: TurnReceipt): void
  /** Whether what is said at this moment is kept from every record. */
  isSecret(): boolean
  onError(error: unknown): void
}

/** Drives the turn machine of one call: events in, effects out, timers on the clock. */
export class TurnDriver {
  readonly #machine: TurnMachine
  readonly #clock: Clock
  readonly #interpreter: TurnInterpreter
  readonly #timers = new Map<string, Disposer>()
  readonly #waiting: { event: TurnEvent; notBeforeMs: number }[] = []
  /** All steps, for replay. */
  readonly log: StepLog = new StepLog()
  #state: TurnState
  #isRunning = false
  #isClosed = false

  constructor(machine: TurnMachine, clock: Clock, interpreter: TurnInterpreter) {
    this.#machine = machine
    this.#clock = clock
    this.#interpreter = interpreter
    this.#state = machine.initial
  }

  get state(): TurnState {
    return this.#state
  }

  /** Feeds an event; what its effects feed back is taken after it, in order. */
  feed(event: TurnEvent): void {
    this.#feed(event, 0)
  }

  #feed(event: TurnEvent, notBeforeMs: number): void {
    if (this.#isClosed) return
    this.#waiting.push({ event, notBeforeMs })
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#step(next)
    } finally {
      this.#isRunning = false
    }
  }

  /** Stops all timers; nothing is taken any more. */
  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
    for (const dispose of this.#timers.values()) dispose()
    this.#timers.clear()
  }

  #step({ event, notBeforeMs }: { event: TurnEvent; notBeforeMs: number }): void {
    const now = Math.max(this.#clock.monotonicMs(), notBeforeMs)
    this.#interpreter.took(event, now)
    const before = this.#state
    const { state, effects, receipts } = this.#machine.step(before, event, now)
    this.#state = state
    this.#note(now, event, effects, before)
    for (const receipt of receipts) this.#interpreter.receipt(receipt)
    for (const effect of effects) this.#run(effect, now)
  }

  #run(effect: TurnEffect, now: number): void {
    switch (effect.type) {
      case 'setTimer':
        this.#timers.get(effect.timer)?.()
        this.#timers.set(
          effect.timer,
          this.#clock.setTimer(Math.max(0, effect.atMs - now), () => {
            this.#timers.delete(effect.timer)
            // Timers of the system may be a fraction of a millisecond early; waiting for the rest would cost two.
            this.#feed({ type: 'timerFired', timer: effect.timer }, effect.atMs)
          }),
        )
        return
      case 'cancelTimer':
        this.#timers.get(effect.timer)?.()
        this.#timers.delete(effect.timer)
        return
      default:
        try {
          this.#interpreter.run(effect)
        } catch (error) {
          this.#interpreter.onError(error)
        }
    }
  }

  #note(atMs: number, event: TurnEvent, effects: readonly TurnEffect[], before: TurnState): void {
    // Positions of playout come ten times a second and most of them change nothing.
    if (event.type === 'playoutProgress' && this.#state === before) return
    // Events and effects are plain data: that is what makes the machine replayable.
    const step = { atMs, event: event as unknown as Json, effects: effects as unknown as Json }
    this.log.add(step, before, this.#interpreter.isSecret())
  }
}
