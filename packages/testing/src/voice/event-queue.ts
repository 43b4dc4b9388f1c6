/** Events of a fake stream: kept until its one consumer takes them. */
export interface EventQueue<E> {
  push(event: E): void
  /** Ends `events` after what waits. Idempotent. */
  close(): void
  readonly events: AsyncIterable<E>
  readonly isClosed: boolean
}

/** Makes a queue for one consumer; at most `capacity` events wait, then the oldest go. */
export function createEventQueue<E>({ capacity = 100_000 }: { capacity?: number } = {}): EventQueue<E> {
  const waiting: E[] = []
  let wake: (() => void) | undefined
  let isClosed = false
  async function* consume(): AsyncGenerator<E> {
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
      if (isClosed) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    push(event) {
      if (isClosed) return
      waiting.push(event)
      if (waiting.length > capacity) waiting.shift()
      wake?.()
    },
    close() {
      isClosed = true
      wake?.()
    },
    events: { [Symbol.asyncIterator]: () => consume() },
    get isClosed() {
      return isClosed
    },
  }
}
