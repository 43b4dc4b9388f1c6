import { ParleyError, type Disposer } from '@parley/spec'

const maxHeld = 10_000

/** An event source: one async iterable for one consumer, and any number of listeners by type. */
export interface EventHub<Event extends { type: string }> {
  readonly events: AsyncIterable<Event>
  on<Type extends Event['type']>(type: Type, listener: (event: Extract<Event, { type: Type }>) => void): Disposer
  emit(event: Event): void
  /** Ends the iterable after what it holds. */
  close(): void
}

/**
 * Makes an event source. Events are held for the iterable only once somebody iterates; a consumer that falls far
 * behind ends with `limit_exceeded`, since nothing may be left out. A throwing listener goes to `onError`.
 */
export function createEventHub<Event extends { type: string }>(onError: (error: unknown) => void): EventHub<Event> {
  const listeners = new Map<string, Set<(event: Event) => void>>()
  const held: Event[] = []
  let isConsumed = false
  let isOpen = true
  let isOverrun = false
  let wake: (() => void) | undefined

  async function* read(): AsyncGenerator<Event> {
    try {
      for (;;) {
        const event = held.shift()
        if (event !== undefined) yield event
        else if (isOverrun)
          throw new ParleyError({
            code: 'limit_exceeded',
            message: 'The events were read too slowly. Join the room again from where you are.',
          })
        else if (isOpen) await new Promise<void>((resolve) => (wake = resolve))
        else return
      }
    } finally {
      isConsumed = false
      held.length = 0
    }
  }

  return {
    events: {
      [Symbol.asyncIterator]() {
        if (isConsumed) throw new Error('The events have one consumer; use on() for more.')
        isConsumed = true
        return read()
      },
    },
    on(type, listener) {
      const ofType = listeners.get(type) ?? new Set()
      listeners.set(type, ofType)
      // Listeners of a type are called with events of that type alone, by `emit`.
      const any = listener as (event: Event) => void
      ofType.add(any)
      return () => void ofType.delete(any)
    },
    emit(event) {
      for (const listener of listeners.get(event.type) ?? []) {
        try {
          listener(event)
        } catch (error) {
          onError(error)
        }
      }
      if (!isConsumed || isOverrun) return
      held.push(event)
      if (held.length > maxHeld) {
        held.length = 0
        isOverrun = true
      }
      wake?.()
    },
    close() {
      isOpen = false
      wake?.()
    },
  }
}
