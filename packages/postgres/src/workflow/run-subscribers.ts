import { durableLimits, tooManySubscribers } from '@parley/spec'
import type { RunEvent } from '@parley/spec'

import { EventQueue } from './event-queue.ts'

/** Those of this process who listen to runs. */
export class RunSubscribers {
  readonly #queues = new Map<string, Set<EventQueue>>()
  readonly #maxSubscribers: number
  #isClosed = false

  constructor(maxSubscribers: number = durableLimits.maxSubscribers) {
    this.#maxSubscribers = maxSubscribers
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  has(runId: string): boolean {
    return this.#queues.has(runId)
  }

  /** @throws {ParleyError} `limit_exceeded` when too many listen to the run */
  add(runId: string): EventQueue {
    const known = this.#queues.get(runId)
    if (known !== undefined && known.size >= this.#maxSubscribers) throw tooManySubscribers(runId, this.#maxSubscribers)
    const queue = new EventQueue()
    if (known === undefined) this.#queues.set(runId, new Set([queue]))
    else known.add(queue)
    return queue
  }

  remove(runId: string, queue: EventQueue): void {
    const known = this.#queues.get(runId)
    known?.delete(queue)
    if (known?.size === 0) this.#queues.delete(runId)
  }

  publish(runId: string, events: readonly RunEvent[]): void {
    for (const queue of this.#queues.get(runId) ?? []) queue.push(events)
  }

  /** Makes everybody look into the table: something may have happened that nobody here was told of. */
  nudge(): void {
    for (const queues of this.#queues.values()) for (const queue of queues) queue.fallBehind()
  }

  close(): void {
    this.#isClosed = true
    this.nudge()
  }
}
