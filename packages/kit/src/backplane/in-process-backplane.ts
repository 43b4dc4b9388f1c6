import type { Backplane, Json } from '@parley/spec'

/** Options of `createInProcessBackplane`. */
export interface InProcessBackplaneOptions {
  /** Gets what a listener throws; the other listeners still hear the message. @default the publisher's promise rejects */
  onError?: (error: unknown) => void
}

/**
 * Makes a backplane that reaches the listeners of this process only. Messages of a topic arrive in the order they were
 * published, after the publisher's own step has ended. It is always connected until closed.
 */
export function createInProcessBackplane({ onError }: InProcessBackplaneOptions = {}): Backplane {
  const topics = new Map<string, Set<(message: Json) => void>>()
  const stateListeners = new Set<(state: 'connected' | 'disconnected') => void>()
  let isClosed = false

  function tell<T>(listeners: Iterable<(value: T) => void>, value: T): void {
    const errors: unknown[] = []
    // A copy: who subscribes while a message is told does not hear it.
    for (const listener of Array.from(listeners)) {
      try {
        listener(value)
      } catch (error) {
        if (onError === undefined) errors.push(error)
        else onError(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }

  return {
    async publish(topic, message) {
      if (topics.get(topic) === undefined) return
      await Promise.resolve()
      if (!isClosed) tell(topics.get(topic) ?? [], message)
    },
    subscribe(topic, listener) {
      // A wrapper of its own, so that one function may subscribe twice.
      const entry = (message: Json): void => listener(message)
      const listeners = topics.get(topic) ?? new Set()
      listeners.add(entry)
      topics.set(topic, listeners)
      return () => {
        if (listeners.delete(entry) && listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic)
      }
    },
    onState(listener) {
      const entry = (state: 'connected' | 'disconnected'): void => listener(state)
      stateListeners.add(entry)
      return () => {
        stateListeners.delete(entry)
      }
    },
    async close() {
      if (isClosed) return
      isClosed = true
      topics.clear()
      tell(stateListeners, 'disconnected')
      stateListeners.clear()
    },
  }
}
