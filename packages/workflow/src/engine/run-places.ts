import { ParleyError } from '@parley/spec'
import {
  openRunLine,
  stepRunLine,
  type RunLineInput,
  type RunLineLimits,
  type RunLineState,
} from '../schedule/run-line.ts'

/** The place of one run among those that are at work, or its place in line for that. */
export interface RunPlace {
  /** Stands in line. */
  readonly isWaiting: boolean
  /** Resolves when it has its place, or has left the line. */
  readonly ready: Promise<void>
  /** Gives the place on for now, or leaves the line. */
  rest(): void
  /** Asks for a place again, before those that have not begun. Absent: it has one; else it has when it resolves. */
  again(): Promise<void> | undefined
  /** Gives the place on, or leaves the line; again it does nothing. */
  leave(): void
}

/** What stands in line for whom. */
export interface RunQueue {
  /** Runs that are at work. */
  running: number
  /** Ids of the runs in line, the next one first. */
  queued: string[]
}

interface Waiting {
  runId: string
  begin: () => void
}

const atOnce = Promise.resolve()

/** Who is at work, tenant by tenant, and who waits for that. */
export class RunPlaces {
  readonly #limits: RunLineLimits
  /** Of tenants that have runs at work. */
  readonly #lines = new Map<string, RunLineState>()
  readonly #waiting = new Map<number, Waiting>()
  #lastTicket = 0

  constructor(limits: RunLineLimits) {
    this.#limits = limits
  }

  /**
   * Asks for a place.
   * @param options.mayRefuse - the run is new: nothing of it is kept yet
   * @throws {ParleyError} `run_queue_full`
   */
  enter(
    { id, tenantId }: { id: string; tenantId: string },
    { isResumed, mayRefuse }: { isResumed: boolean; mayRefuse: boolean },
  ): RunPlace {
    let asked = this.#ask(id, tenantId, { isResumed, mayRefuse })
    let isOver = false
    let isResting = false
    const give = (): void => {
      const waiting = this.#waiting.get(asked.ticket)
      if (waiting === undefined) return this.#begin(this.#step(tenantId, { type: 'ended' }).begin)
      this.#waiting.delete(asked.ticket)
      this.#step(tenantId, { type: 'left', ticket: asked.ticket })
      waiting.begin()
    }
    const isWaiting = (): boolean => this.#waiting.has(asked.ticket)
    return {
      get isWaiting() {
        return isWaiting()
      },
      get ready() {
        return asked.ready
      },
      rest() {
        if (isOver || isResting) return
        isResting = true
        give()
      },
      again: () => {
        if (isResting && !isOver) asked = this.#ask(id, tenantId, { isResumed: true, mayRefuse: false })
        isResting = false
        return isWaiting() ? asked.ready : undefined
      },
      leave() {
        if (isOver) return
        isOver = true
        if (!isResting) give()
      },
    }
  }

  #ask(
    runId: string,
    tenantId: string,
    { isResumed, mayRefuse }: { isResumed: boolean; mayRefuse: boolean },
  ): { ticket: number; ready: Promise<void> } {
    const ticket = (this.#lastTicket += 1)
    const { begin, isRefused } = this.#step(tenantId, { type: 'enter', ticket, isResumed, mustStay: !mayRefuse })
    if (isRefused) throw this.#full(tenantId)
    if (begin.includes(ticket)) return { ticket, ready: atOnce }
    return { ticket, ready: new Promise<void>((resolve) => void this.#waiting.set(ticket, { runId, begin: resolve })) }
  }

  queueOf(tenantId: string): RunQueue {
    const { running = 0, resumed = [], fresh = [] } = this.#lines.get(tenantId) ?? {}
    const queued = [...resumed, ...fresh].flatMap((ticket) => this.#waiting.get(ticket)?.runId ?? [])
    return { running, queued }
  }

  #step(tenantId: string, input: RunLineInput): { begin: number[]; isRefused: boolean } {
    const { state, ...said } = stepRunLine(this.#lines.get(tenantId) ?? openRunLine(this.#limits), input)
    if (state.running === 0 && state.fresh.length === 0 && state.resumed.length === 0) this.#lines.delete(tenantId)
    else this.#lines.set(tenantId, state)
    return said
  }

  #begin(tickets: readonly number[]): void {
    for (const ticket of tickets) {
      const waiting = this.#waiting.get(ticket)
      this.#waiting.delete(ticket)
      waiting?.begin()
    }
  }

  #full(tenantId: string): ParleyError {
    const { maxRunning, maxQueued } = this.#limits
    return new ParleyError({
      code: 'run_queue_full',
      message: `${maxRunning} runs of the tenant "${tenantId}" are at work and ${maxQueued} stand in line. Start the run again when some of them have ended, with the same idempotency key.`,
      details: { tenantId, running: maxRunning, queued: maxQueued },
    })
  }
}
