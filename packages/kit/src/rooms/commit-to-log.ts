import {
  ParleyError,
  type ChannelBinding,
  type CommitExtras,
  type ConversationState,
  type CommitOutcome,
  type EventDraft,
  type FencingToken,
  type Participant,
  type Room,
  type RoomContext,
  type RoomEvent,
  type RoomId,
  type RoomPatch,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { Committed, LockedRoom } from '../core/locked-room.ts'
import { getConversationState } from '../orchestration/state/room-state.ts'

/**
 * A room while its lock is held. Its `commit` is the only way into a log: the one call of the store's `commit`.
 * What was committed is put on the lane at once and started by `release`, after the lock is free.
 */
export class OpenRoom implements LockedRoom {
  readonly token: FencingToken
  room: Room
  bindings: readonly ChannelBinding[]
  participants: readonly Participant[]
  readonly #parts: KitParts
  #hasCommitted = false
  readonly #later: (() => void)[] = []

  constructor(parts: KitParts, context: Omit<RoomContext, 'recentEvents'>, token: FencingToken) {
    this.#parts = parts
    this.room = context.room
    this.bindings = context.bindings
    this.participants = context.participants
    this.token = token
  }

  get id(): RoomId {
    return this.room.id
  }

  state(): ConversationState {
    return getConversationState(this.room)
  }

  async commit(
    drafts: EventDraft[],
    also?: CommitExtras,
    { closing = false }: { closing?: boolean } = {},
  ): Promise<Committed> {
    if (!closing && drafts.length > 0) refuseEnded(this.room, also?.room)
    const parts = this.#parts
    const extras = also === undefined ? { fence: this.token } : { ...also, fence: this.token }
    let outcome: CommitOutcome
    try {
      outcome = await parts.store.commit(this.room.id, drafts, extras)
    } catch (error) {
      outcome = await this.#afterLostAnswer(drafts, error)
    }
    if (!('events' in outcome)) return outcome
    this.room = outcome.room
    if (also?.room !== undefined) this.#apply(also.room)
    this.#hasCommitted = true
    const first = outcome.events[0]
    if (first !== undefined && parts.lanes.hasHole(this.room, first.index))
      await parts.lanes.fillHole(this, first.index)
    for (const event of outcome.events) parts.lanes.push(event, this)
    return { events: outcome.events }
  }

  /** A commit that failed may have been made: the log tells by the drafts' ids. While it cannot be asked, the lane is told. */
  async #afterLostAnswer(drafts: EventDraft[], error: unknown): Promise<CommitOutcome> {
    const { store, lanes } = this.#parts
    const isOpen = ParleyError.isInstance(error) && error.code === 'store_unavailable' && drafts.length > 0
    if (!isOpen) throw error
    try {
      const events: RoomEvent[] = []
      for (const { id } of drafts) {
        const event = await store.getEvent(this.room.id, id)
        if (event !== null) events.push(event)
      }
      const room = events.length === drafts.length ? await store.getRoom(this.room.id) : null
      if (room !== null) return { events, room }
    } catch {
      // The first error is the one that counts.
      lanes.doubt(this.room.id)
    }
    throw error
  }

  /** Runs when the lock is free: hooks of the async kind and whatever else has no business under it. */
  later(run: () => void): void {
    this.#later.push(run)
  }

  /** Starts what was committed; called when the lock is free again. */
  release(): void {
    if (this.#hasCommitted) this.#parts.lanes.start(this.room.id)
    for (const run of this.#later) run()
  }

  #apply(patch: RoomPatch): void {
    const { bindings = [], detach = [], participants = [] } = patch
    if (bindings.length > 0 || detach.length > 0) {
      const changed = new Set([...bindings.map((binding) => binding.channelId), ...detach])
      this.bindings = [...this.bindings.filter((binding) => !changed.has(binding.channelId)), ...bindings]
    }
    if (participants.length > 0) {
      const changed = new Set(participants.map((participant) => participant.id))
      this.participants = [...this.participants.filter((participant) => !changed.has(participant.id)), ...participants]
    }
  }
}

function refuseEnded(room: Room, patch: RoomPatch | undefined): void {
  const status = patch?.status ?? room.status
  if (status === 'closed' || status === 'archived') throw roomEnded(room)
}

/** The error of a room that takes no more events. */
export function roomEnded(room: Room): ParleyError {
  return room.status === 'archived'
    ? new ParleyError({
        code: 'room_archived',
        message: `Room ${room.id} is archived for good. Start a new one.`,
        details: { roomId: room.id },
      })
    : new ParleyError({
        code: 'room_closed',
        message: `Room ${room.id} is closed. Reopen it with kit.reopen(roomId) or start a new one.`,
        details: { roomId: room.id },
      })
}

/** The error of a room that does not exist, or not for this organization. */
export function roomNotFound(roomId: RoomId): ParleyError {
  return new ParleyError({
    code: 'room_not_found',
    message: `There is no room ${roomId}. Check the id, or create the room first.`,
    details: { roomId },
  })
}
