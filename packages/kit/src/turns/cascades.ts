import type { Cascade, DeliveryReport, EventId, ParleyError, RoomEvent, TurnId } from '@parley/spec'

/** Everything one event caused, while it is being caused. */
export interface CascadeRun {
  readonly rootId: EventId
  /** Replies committed so far; bounded by `maxCascadeReplies`. */
  readonly replies: RoomEvent[]
  readonly deliveries: DeliveryReport[]
  readonly errors: ParleyError[]
  /** A piece of work was begun (a delivery, a turn). */
  begin(): void
  /** A piece of work is done. */
  end(): void
  settled(): Promise<Cascade>
}

/** Finds the cascade that work belongs to. Nothing is kept once a cascade has settled. */
export interface Cascades {
  start(rootId: EventId): CascadeRun
  /** The running cascade of an event: by the turn that made it, by what caused it, or by itself. */
  of(event: RoomEvent): CascadeRun | undefined
  /** Ties a turn to the cascade it works for. */
  adopt(turnId: TurnId, cascade: CascadeRun): void
  /** Settles what is open as it is: the kit closes. */
  close(): void
  readonly size: number
}

/** Makes an empty set of cascades. */
export function createCascades(): Cascades {
  const byRoot = new Map<EventId, Run>()
  const byTurn = new Map<TurnId, Run>()
  const forget = (run: Run): void => {
    byRoot.delete(run.rootId)
    for (const turnId of run.turnIds) byTurn.delete(turnId)
  }
  return {
    start(rootId) {
      const run = new Run(rootId, forget)
      byRoot.set(rootId, run)
      return run
    },
    of(event) {
      const ofTurn = event.turnId === undefined ? undefined : byTurn.get(event.turnId)
      if (ofTurn !== undefined) return ofTurn
      const ofCause = event.causeId === undefined ? undefined : byRoot.get(event.causeId)
      return ofCause ?? byRoot.get(event.id)
    },
    adopt(turnId, cascade) {
      const run = byRoot.get(cascade.rootId)
      if (run === undefined) return
      run.turnIds.push(turnId)
      byTurn.set(turnId, run)
    },
    close() {
      for (const run of byRoot.values()) run.settle()
    },
    get size() {
      return byRoot.size
    },
  }
}

class Run implements CascadeRun {
  readonly rootId: EventId
  readonly replies: RoomEvent[] = []
  readonly deliveries: DeliveryReport[] = []
  readonly errors: ParleyError[] = []
  readonly turnIds: TurnId[] = []
  #open = 0
  #done = false
  #waiters: (() => void)[] | undefined
  readonly #forget: (run: Run) => void

  constructor(rootId: EventId, forget: (run: Run) => void) {
    this.rootId = rootId
    this.#forget = forget
  }

  begin(): void {
    this.#open += 1
  }

  end(): void {
    this.#open -= 1
    if (this.#open <= 0) this.settle()
  }

  settle(): void {
    if (this.#done) return
    this.#done = true
    this.#forget(this)
    for (const wake of this.#waiters ?? []) wake()
    this.#waiters = undefined
  }

  async settled(): Promise<Cascade> {
    if (!this.#done) {
      await new Promise<void>((resolve) => {
        this.#waiters ??= []
        this.#waiters.push(resolve)
      })
    }
    return { replies: [...this.replies], deliveries: [...this.deliveries], errors: [...this.errors] }
  }
}
