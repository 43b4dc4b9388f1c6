/** Events between a producer and its one consumer. */
export interface EventChannel<E> {
  /** After `close` events are dropped. */
  push(event: E): void
  /** Resolves once fewer events wait than may: who copies from another source waits here. */
  room(): Promise<void>
  /** Ends `events` after what waits. Idempotent. */
  close(): void
  readonly events: AsyncIterable<E>
  readonly isClosed: boolean
}

/** Makes a channel. `room` holds producers back at `capacity` waiting events; 4 times as many and the oldest go. */
export function createEventChannel<E>(capacity = 512): EventChannel<E> {
  const waiting: E[] = []
  let wake: (() => void) | undefined
  let freed: (() => void)[] = []
  let isClosed = false

  const free = (): void => {
    const resolved = freed
    freed = []
    for (const resolve of resolved) resolve()
  }

  async function* consume(): AsyncGenerator<E> {
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        if (waiting.length < capacity) free()
        yield next
      }
      if (isClosed) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  return {
    push(event) {
      if (isClosed) return
      waiting.push(event)
      if (waiting.length > capacity * 4) waiting.shift()
      wake?.()
    },
    room() {
      if (isClosed || waiting.length < capacity) return Promise.resolve()
      return new Promise((resolve) => void freed.push(resolve))
    },
    close() {
      isClosed = true
      wake?.()
      free()
    },
    events: { [Symbol.asyncIterator]: () => consume() },
    get isClosed() {
      return isClosed
    },
  }
}
