import type { Json, ParleyError } from '@parley/spec'

/** A message on its way. */
export interface PendingSend {
  readonly idempotencyKey: string
  readonly content: Json
  readonly status: 'pending' | 'sent' | 'failed'
  /** The index it was committed at. Rejects when the server refused it or the connection was closed for good. */
  readonly settled: Promise<{ index: number; duplicate: boolean }>
}

/** Messages that have no answer yet, in the order they were sent. */
export interface PendingSends {
  add(idempotencyKey: string, content: Json, frame: string): PendingSend
  /** The frames to send again after a reconnect. */
  frames(): string[]
  frameOf(idempotencyKey: string): string | undefined
  accepted(idempotencyKey: string, index: number, duplicate: boolean): void
  refused(idempotencyKey: string, error: ParleyError): void
  /** Refuses the one with the most bytes: the server would not even read it, and would end every connection over it. */
  refuseLargest(error: ParleyError): void
  /** Gives all of them up. */
  abandon(error: ParleyError): void
  list(): PendingSend[]
}

interface Entry {
  send: { idempotencyKey: string; content: Json; status: PendingSend['status']; settled: PendingSend['settled'] }
  frame: string
  resolve(at: { index: number; duplicate: boolean }): void
  reject(error: ParleyError): void
}

/** Makes the list; `onChange` is called for each message whose status changed. */
export function createPendingSends(onChange: (send: PendingSend, error?: ParleyError) => void): PendingSends {
  const entries = new Map<string, Entry>()
  const refuse = (entry: Entry, error: ParleyError): void => {
    entries.delete(entry.send.idempotencyKey)
    entry.send.status = 'failed'
    entry.reject(error)
    onChange(entry.send, error)
  }
  return {
    add(idempotencyKey, content, frame) {
      const known = entries.get(idempotencyKey)
      if (known !== undefined) return known.send
      const { promise, resolve, reject } = Promise.withResolvers<{ index: number; duplicate: boolean }>()
      // Whoever does not wait for the promise learns of a failure by `status` and the event.
      promise.catch(() => {})
      const send: Entry['send'] = { idempotencyKey, content, status: 'pending', settled: promise }
      entries.set(idempotencyKey, { send, frame, resolve, reject })
      onChange(send)
      return send
    },
    frames: () => [...entries.values()].map(({ frame }) => frame),
    frameOf: (idempotencyKey) => entries.get(idempotencyKey)?.frame,
    accepted(idempotencyKey, index, duplicate) {
      const entry = entries.get(idempotencyKey)
      if (entry === undefined) return
      entries.delete(idempotencyKey)
      entry.send.status = 'sent'
      entry.resolve({ index, duplicate })
      onChange(entry.send)
    },
    refused(idempotencyKey, error) {
      const entry = entries.get(idempotencyKey)
      if (entry !== undefined) refuse(entry, error)
    },
    refuseLargest(error) {
      const [largest] = [...entries.values()].toSorted((one, other) => other.frame.length - one.frame.length)
      if (largest !== undefined) refuse(largest, error)
    },
    abandon(error) {
      for (const entry of entries.values()) refuse(entry, error)
    },
    list: () => [...entries.values()].map(({ send }) => send),
  }
}
