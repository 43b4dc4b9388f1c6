/** Events on their way to one consumer, in order. */
export interface EventQueue<E> {
  /** Holds an event until it is taken; after `end` it is dropped. */
  push(event: E): void
  /** Ends `events` after what waits. Idempotent. */
  end(): void
  /** For one consumer: a second loop would take events from the first. */
  readonly events: AsyncIterable<E>
  readonly hasEnded: boolean
}

/** Options of `createEventQueue`. */
export interface EventQueueOptions {
  /** Events that may wait; more, and the oldest go. @default no limit: who fills the queue bounds it */
  capacity?: number
}

/** Makes a queue whose writers push and whose one reader loops. */
export function createEventQueue<E>({ capacity = Number.POSITIVE_INFINITY }: EventQueueOptions = {}): EventQueue<E> {
  const waiting: E[] = []
  let wake: (() => void) | undefined
  let hasEnded = false

  async function* consume(): AsyncGenerator<E, void, void> {
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
      if (hasEnded) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  return {
    push(event) {
      if (hasEnded) return
      waiting.push(event)
      if (waiting.length > capacity) waiting.shift()
      wake?.()
    },
    end() {
      hasEnded = true
      wake?.()
    },
    events: { [Symbol.asyncIterator]: consume },
    get hasEnded() {
      return hasEnded
    },
  }
}
