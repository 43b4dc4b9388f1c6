import type { EventDraft, EventQuery, RoomEvent, TargetEffect } from '@parley/spec'
import { pageLimit } from '@parley/spec'

import { deepFreeze } from './deep-freeze.ts'
import { applyEffect, eraseEvent } from './event-effects.ts'

/** Which events of a tail count. */
export interface TailFilter {
  types?: RoomEvent['type'][]
  upToIndex?: number
  statuses?: RoomEvent['status'][]
}

/** One room's events as reads show them, with the originals of those that an effect changed. */
export class EventLog {
  readonly #events: RoomEvent[] = []
  #originals: Map<number, RoomEvent> | undefined
  #byKey: Map<string, number> | undefined
  /** Index by id, made when first asked for and caught up on each look-up, so appending pays nothing. */
  #byId: Map<string, number> | undefined
  #idsKnown = 0

  get size(): number {
    return this.#events.length
  }

  append(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.idempotencyKey !== undefined) (this.#byKey ??= new Map()).set(event.idempotencyKey, event.index)
      this.#events.push(event)
    }
  }

  /** An event by index, as reads show it. */
  at(index: number): RoomEvent | undefined {
    return this.#events[index]
  }

  byKey(key: string): RoomEvent | undefined {
    const index = this.#byKey?.get(key)
    return index === undefined ? undefined : this.#events[index]
  }

  find(id: string): RoomEvent | undefined {
    const events = this.#events
    this.#byId ??= new Map()
    for (; this.#idsKnown < events.length; this.#idsKnown++) {
      const event = events[this.#idsKnown]
      if (event !== undefined) this.#byId.set(event.id, event.index)
    }
    const index = this.#byId.get(id)
    return index === undefined ? undefined : events[index]
  }

  original(event: RoomEvent): RoomEvent {
    return this.#originals?.get(event.index) ?? event
  }

  /** Shows an effect on its target from now on. */
  apply(effect: TargetEffect, target: RoomEvent, cause: RoomEvent): void {
    const current = this.#events[target.index] ?? target
    const changed = applyEffect(current, effect, cause)
    if (changed === current) return
    this.#originals ??= new Map()
    if (!this.#originals.has(target.index)) this.#originals.set(target.index, current)
    this.#events[target.index] = deepFreeze(changed)
  }

  /** Erases an event, its original, and the content of the edits it had. */
  redact(target: RoomEvent, redacted: NonNullable<RoomEvent['redacted']>): RoomEvent {
    if (target.edited !== undefined) {
      for (let index = target.index + 1; index < this.#events.length; index++) {
        const event = this.#events[index]
        if (event?.content.type === 'edit' && event.content.targetEventId === target.id) this.#erase(event, redacted)
      }
    }
    return this.#erase(target, redacted)
  }

  read(query: Omit<EventQuery, 'asReader'> = {}): RoomEvent[] {
    const { after = -1, before = this.#events.length, types, thread, newestFirst = false, raw = false } = query
    const limit = pageLimit(query.limit)
    const first = Math.max(0, after + 1)
    const end = Math.min(this.#events.length, before)
    if (types === undefined && thread === undefined && !raw && !newestFirst) {
      return this.#events.slice(first, Math.min(end, first + limit))
    }
    const found: RoomEvent[] = []
    for (let step = 0; first + step < end && found.length < limit; step++) {
      const event = this.#events[newestFirst ? end - 1 - step : first + step]
      if (event === undefined) continue
      if (types !== undefined && !types.includes(event.type)) continue
      if (thread !== undefined && event.id !== thread && event.parentEventId !== thread) continue
      found.push(raw ? this.original(event) : event)
    }
    return found
  }

  tail(n: number, { types, upToIndex, statuses }: TailFilter = {}): RoomEvent[] {
    const end = Math.min(this.#events.length, (upToIndex ?? Number.POSITIVE_INFINITY) + 1)
    if (types === undefined && statuses === undefined) return this.#events.slice(Math.max(0, end - n), end)
    const found: RoomEvent[] = []
    for (let index = end - 1; index >= 0 && found.length < n; index--) {
      const event = this.#events[index]
      if (event === undefined) continue
      if (types !== undefined && !types.includes(event.type)) continue
      if (statuses === undefined || statuses.includes(event.status)) found.push(event)
    }
    return found.reverse()
  }

  #erase(event: RoomEvent, redacted: NonNullable<RoomEvent['redacted']>): RoomEvent {
    const erased = deepFreeze(eraseEvent(event, redacted))
    this.#events[event.index] = erased
    const original = this.#originals?.get(event.index)
    if (original !== undefined) this.#originals?.set(event.index, deepFreeze(eraseEvent(original, redacted)))
    return erased
  }
}

const noMetadata = Object.freeze({})

/** The stored form of a draft: a frozen event at its index. Parts of the draft are frozen in place, not copied. */
export function toEvent(draft: EventDraft, index: number): RoomEvent {
  const event: RoomEvent = { ...draft, index }
  if (isEmpty(draft.metadata)) event.metadata = noMetadata
  else deepFreeze(draft.metadata)
  deepFreeze(draft.source)
  deepFreeze(draft.content)
  deepFreeze(draft.visibility)
  deepFreeze(draft.responseVisibility)
  deepFreeze(draft.addressedTo)
  deepFreeze(draft.routing)
  deepFreeze(draft.blocked)
  deepFreeze(draft.channelData)
  return Object.freeze(event)
}

function isEmpty(value: object): boolean {
  for (const _key in value) return false
  return true
}
