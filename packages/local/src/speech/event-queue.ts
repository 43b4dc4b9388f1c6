/** Events on their way to one consumer, in order; who fills it bounds it. */
export interface EventQueue<E> {
  push(event: E): void
  /** Ends the loop after what waits. Idempotent. */
  end(): void
  readonly events: AsyncIterable<E>
}

/** Makes a queue for one consumer: a second loop would take events from the first. */
export function createEventQueue<E>(): EventQueue<E> {
  const waiting: E[] = []
  let wake: (() => void) | undefined
  let isOver = false

  async function* consume(): AsyncGenerator<E, void, void> {
    for (;;) {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) yield event
      if (isOver) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  return {
    push(event) {
      if (isOver) return
      waiting.push(event)
      wake?.()
    },
    end() {
      isOver = true
      wake?.()
    },
    events: { [Symbol.asyncIterator]: consume },
  }
}
