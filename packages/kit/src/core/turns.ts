import type { ChannelId, RoomEvent, RoomId, TurnEnd, TurnId, Visibility } from '@parley/spec'
import type { Steering, TurnOpening } from './turn-services.ts'

/** A turn to be taken. */
export interface TurnRequest {
  roomId: RoomId
  agentId: ChannelId
  trigger: RoomEvent
  opening?: TurnOpening
  /** Further messages answered by the same turn, ascending, before the trigger. */
  earlier?: readonly RoomEvent[]
  /** @default the trigger's `responseVisibility`, else `all` */
  visibility?: Visibility
  /** The reply that this turn's reply stands in for. */
  supersedes?: string
  /** Puts the turn before the ones that wait (openings of a handoff). */
  first?: boolean
}

/** A turn at work. */
export interface RunningTurn {
  readonly turnId: TurnId
  readonly roomId: RoomId
  readonly agentId: ChannelId
  readonly triggers: readonly RoomEvent[]
  readonly startedMs: number
}

/** A message that waits while the room's turns are held, with whom it was to be answered by. */
export interface HeldTrigger {
  readonly trigger: RoomEvent
  readonly agentId: ChannelId
  /** Set when the turn was to be opened other than by a message. */
  readonly opening?: TurnOpening
}

/** Keeps new turns of a room from starting. */
export interface TurnHold {
  /** Takes what waited so far and ends the hold; the caller decides anew whom to ask. */
  release(): HeldTrigger[]
}

/** One turn at a time per agent and room. */
export interface Turns {
  ask(request: TurnRequest): void
  /**
   * New turns of the room wait from here on, waiting ones are among the held; what running ones say waits as well,
   * `asking` apart: the turn whose tool asked for the hold.
   */
  hold(roomId: RoomId, options?: { asking?: TurnId }): TurnHold
  running(roomId: RoomId, agentId?: ChannelId): RunningTurn[]
  /** Whether this process has asked the agent about the event and the turn has not ended. */
  isAsked(event: RoomEvent, agentId: ChannelId): boolean
  /** Ends a turn: with `handedOff` its text after this point is dropped; with `aborted` its text so far is committed as interrupted. Resolves when it has ended. */
  end(turnId: TurnId, reason: Extract<TurnEnd, 'handedOff' | 'aborted'>, cause?: unknown): Promise<void>
  /** Ends running turns and drops waiting ones of a room (and agent). */
  abort(roomId: RoomId, options: { agentId?: ChannelId; except?: TurnId; reason: string }): Promise<void>
  /** @throws {ParleyError} `turn_not_found` */
  steer(turnId: TurnId, steering: Steering): void
  /** Resolves when no turn of the room runs or waits, but for `except`. */
  idle(roomId: RoomId, except?: TurnId): Promise<void>
}
