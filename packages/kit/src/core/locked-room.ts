import type {
  ChannelBinding,
  CommitExtras,
  ConversationState,
  EventDraft,
  FencingToken,
  Participant,
  Room,
  RoomEvent,
  RoomId,
} from '@parley/spec'

/** What came of a commit. Conflicts are values: the caller decides whether to look again. */
export type Committed =
  | { events: RoomEvent[] }
  | { duplicate: RoomEvent }
  | { conflict: 'conversation' | 'room' | 'request' | 'fence' }

/** A room while its lock is held: what is read here is what the next commit builds on. */
export interface LockedRoom {
  readonly id: RoomId
  /** As of the last commit. */
  readonly room: Room
  readonly bindings: readonly ChannelBinding[]
  readonly participants: readonly Participant[]
  readonly token: FencingToken
  /** @throws {ParleyError} `state_invalid` when the stored state cannot be read */
  state(): ConversationState
  /**
   * Writes drafts and everything with them in one store call, plans their deliveries and puts them on the room's lane.
   * Refuses closed and archived rooms (`room_closed`, `room_archived`) unless `closing` is set.
   */
  commit(drafts: EventDraft[], also?: CommitExtras, options?: { closing?: boolean }): Promise<Committed>
}
