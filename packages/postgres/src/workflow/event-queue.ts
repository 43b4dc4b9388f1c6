import { durableLimits } from '@parley/spec'
import type { RunEvent } from '@parley/spec'

/**
 * Events on their way to one subscriber. It is bounded: when it is full, or when an event does not follow the one before,
 * the subscriber is behind and must read the table; the writer never waits.
 */
export class EventQueue {
  readonly #capacity: number
  #events: RunEvent[] = []
  #next = 0
  #isBehind = true
  #wake: (() => void) | undefined

  constructor(capacity: number = durableLimits.subscriberQueue) {
    this.#capacity = capacity
  }

  /** Whether there may be events in the table that were not queued. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  get size(): number {
    return this.#events.length - this.#next
  }

  push(events: readonly RunEvent[]): void {
    for (const event of events) {
      const last = this.#events.at(-1)
      const isNext = last === undefined || event.seq === last.seq + 1
      if (this.size >= this.#capacity || !isNext) {
        this.#isBehind = true
        break
      }
      this.#events.push(event)
    }
    this.#wake?.()
  }

  /** The event after `seq`, if it waits here. What is older is dropped; what has a gap before it too. */
  take(seq: number): RunEvent | undefined {
    while (this.size > 0) {
      const event = this.#events[this.#next]
      if (event === undefined || event.seq > seq + 1) {
        this.#clear()
        this.#isBehind = true
        return undefined
      }
      this.#next += 1
      // What was taken is let go, not one by one.
      if (this.#next === this.#events.length) this.#clear()
      else if (this.#next >= this.#capacity) this.#compact()
      if (event.seq === seq + 1) return event
    }
    return undefined
  }

  /** Called before the table is read: what is committed from now on is queued. */
  catchUp(): void {
    this.#isBehind = false
  }

  fallBehind(): void {
    this.#isBehind = true
    this.#wake?.()
  }

  /** Resolves at the next `push` or `fallBehind`; at once when there is something to do already. */
  news(): Promise<void> {
    if (this.size > 0 || this.#isBehind) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }

  #compact(): void {
    this.#events = this.#events.slice(this.#next)
    this.#next = 0
  }

  #clear(): void {
    this.#events = []
    this.#next = 0
  }
}
