import type { EphemeralEvent } from '@parley/spec'

/** Events that wait for a slow listener. */
const QUEUE_LIMIT = 100

/** One listener with its queue; whatever it does, others do not notice. */
export class EphemeralSubscriber {
  readonly #listener: (event: EphemeralEvent) => void | Promise<void>
  readonly #types: ReadonlySet<string> | undefined
  readonly #onError: (thrown: unknown) => void
  readonly #onDropped: () => void
  readonly #waiting: EphemeralEvent[] = []
  #isBusy = false
  #isClosed = false

  constructor(
    listener: (event: EphemeralEvent) => void | Promise<void>,
    types: readonly string[] | undefined,
    on: { error: (thrown: unknown) => void; dropped: () => void },
  ) {
    this.#listener = listener
    this.#types = types === undefined ? undefined : new Set(types)
    this.#onError = on.error
    this.#onDropped = on.dropped
  }

  give(event: EphemeralEvent): void {
    if (this.#isClosed || this.#types?.has(event.type) === false) return
    if (this.#isBusy) this.#enqueue(event)
    else this.#deliver(event)
  }

  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
  }

  #enqueue(event: EphemeralEvent): void {
    const waiting = this.#waiting
    if (waiting.length >= QUEUE_LIMIT) {
      const older = waiting.findIndex(({ type, from }) => type === event.type && from === event.from)
      waiting.splice(Math.max(0, older), 1)
      if (older === -1) this.#onDropped()
    }
    waiting.push(event)
  }

  #deliver(first: EphemeralEvent): void {
    this.#isBusy = true
    for (let event: EphemeralEvent | undefined = first; event !== undefined; event = this.#waiting.shift()) {
      try {
        const answer = this.#listener(event)
        if (answer instanceof Promise) {
          answer.then(this.#goOn, this.#failed)
          return
        }
      } catch (thrown) {
        this.#onError(thrown)
      }
    }
    this.#isBusy = false
  }

  readonly #goOn = (): void => {
    const next = this.#waiting.shift()
    if (next === undefined) this.#isBusy = false
    else this.#deliver(next)
  }

  readonly #failed = (thrown: unknown): void => {
    this.#onError(thrown)
    this.#goOn()
  }
}
