import type { Clock, EphemeralEvent, RoomId } from '@parley/spec'

/** Something that is true of somebody in a room until it is not said again in time. */
export interface LastingState {
  /** As it was last said, so that its end reaches the same readers. */
  event: EphemeralEvent
  expiresAtMs: number
}

/** States of one kind. All last equally long, so the first one is always the next to expire. */
export class LastingStates {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #lastMs: number
  readonly #inOrder = new Map<string, LastingState>()
  readonly #byRoom = new Map<RoomId, Set<string>>()

  /** @param lastMs - how long a state lasts without renewal */
  constructor(clock: Pick<Clock, 'monotonicMs'>, lastMs: number) {
    this.#clock = clock
    this.#lastMs = lastMs
  }

  get size(): number {
    return this.#inOrder.size
  }

  /** When the next one expires; infinite when there is none. */
  get nextMs(): number {
    for (const { expiresAtMs } of this.#inOrder.values()) return expiresAtMs
    return Infinity
  }

  get(roomId: RoomId, from: string): EphemeralEvent | undefined {
    return this.#inOrder.get(keyOf(roomId, from))?.event
  }

  /** Starts or renews; the newest is the last to expire. */
  put(event: EphemeralEvent): void {
    const { roomId, from } = event
    const key = keyOf(roomId, from)
    this.#inOrder.delete(key)
    this.#inOrder.set(key, { event, expiresAtMs: this.#clock.monotonicMs() + this.#lastMs })
    const keys = this.#byRoom.get(roomId)
    if (keys === undefined) this.#byRoom.set(roomId, new Set([key]))
    else keys.add(key)
  }

  /** Ends one; gives what was said of it. */
  take(roomId: RoomId, from: string): EphemeralEvent | undefined {
    const key = keyOf(roomId, from)
    const event = this.#inOrder.get(key)?.event
    if (event === undefined) return undefined
    this.#inOrder.delete(key)
    const keys = this.#byRoom.get(roomId)
    keys?.delete(key)
    if (keys?.size === 0) this.#byRoom.delete(roomId)
    return event
  }

  /** Ends those whose time is up. */
  takeExpired(): EphemeralEvent[] {
    const nowMs = this.#clock.monotonicMs()
    const expired: EphemeralEvent[] = []
    for (const { event, expiresAtMs } of this.#inOrder.values()) {
      if (expiresAtMs > nowMs) break
      expired.push(event)
    }
    for (const { roomId, from } of expired) this.take(roomId, from)
    return expired
  }

  ofRoom(roomId: RoomId): EphemeralEvent[] {
    const found: EphemeralEvent[] = []
    for (const key of this.#byRoom.get(roomId) ?? []) {
      const state = this.#inOrder.get(key)
      if (state !== undefined) found.push(state.event)
    }
    return found
  }

  clear(): void {
    this.#inOrder.clear()
    this.#byRoom.clear()
  }
}

function keyOf(roomId: RoomId, from: string): string {
  return `${roomId}\0${from}`
}
