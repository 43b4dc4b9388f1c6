import type { Disposer } from './json.ts'

/**
 * Where events can be heard: by listeners, at once and in order, or by one loop over `events`.
 * Every source of Parley has this form (`ports.md` 6).
 */
export interface EventFeed<E extends { type: string }> {
  /** One consumer; at most `capacity` events wait, then the oldest are dropped and counted; ends when the owner closes. */
  readonly events: AsyncIterable<E>
  /** Calls `listener` with each event of the type, `'*'` with all. A listener that throws is reported and stays. */
  on<T extends E['type'] | '*'>(
    type: T,
    listener: (event: T extends '*' ? E : Extract<E, { type: T }>) => void,
  ): Disposer
}

/** The owner's side of an event source. */
export interface EventEmitter<E extends { type: string }> extends EventFeed<E> {
  emit(event: E): void
  /** Ends `events` after what waits; listeners hear nothing more. Idempotent. */
  close(): void
  /** Events that the loop was too slow for. */
  readonly dropped: number
}

/** Options of `createEventEmitter`. */
export interface EventEmitterOptions {
  /** Events that may wait for the loop. @default 1 000 */
  capacity?: number
  /** Gets what listeners throw. @default it is rethrown to nobody: the emitter goes on */
  onError?: (error: unknown) => void
}

/** Makes an event source of its owner's events. */
export function createEventEmitter<E extends { type: string }>({
  capacity = 1_000,
  onError = () => {},
}: EventEmitterOptions = {}): EventEmitter<E> {
  const listeners = new Map<string, Set<(event: never) => void>>()
  const waiting: E[] = []
  let wake: (() => void) | undefined
  let isClosed = false
  let isConsumed = false
  let dropped = 0

  const tell = (type: string, event: E): void => {
    for (const listener of listeners.get(type) ?? []) {
      try {
        // Listeners are kept under the type they asked for, so the event is one of theirs.
        ;(listener as (event: E) => void)(event)
      } catch (error) {
        onError(error)
      }
    }
  }

  async function* consume(): AsyncGenerator<E> {
    isConsumed = true
    for (;;) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next
      if (isClosed) return
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }

  return {
    events: { [Symbol.asyncIterator]: () => consume() },
    on(type, listener) {
      const known = listeners.get(type) ?? new Set()
      listeners.set(type, known.add(listener as (event: never) => void))
      return () => void known.delete(listener as (event: never) => void)
    },
    emit(event) {
      if (isClosed) return
      tell(event.type, event)
      tell('*', event)
      // Nobody loops yet: the last `capacity` are kept for who comes late only once a loop was started.
      if (!isConsumed) return
      waiting.push(event)
      if (waiting.length > capacity) {
        waiting.shift()
        dropped += 1
      }
      wake?.()
    },
    close() {
      isClosed = true
      listeners.clear()
      wake?.()
    },
    get dropped() {
      return dropped
    },
  }
}
