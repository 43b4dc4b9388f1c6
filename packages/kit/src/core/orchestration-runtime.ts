import type {
  AnyTool,
  Budget,
  ChannelId,
  ConversationState,
  Room,
  RoomEvent,
  RoomId,
  TurnContext,
  Visibility,
} from '@parley/spec'
import type { HookMap } from '../hooks/hook-map.ts'
import type { SyncHookResult } from '../hooks/hook-results.ts'
import type { LockedRoom } from './locked-room.ts'
import type { CommitExtras, EventDraft } from '@parley/spec'

/**
 * What the pipeline and the turns ask of orchestration. A kit without any gets the answers of plain rooms: nothing is
 * stamped, stored or offered.
 */
export interface OrchestrationRuntime {
  /** Stamps the routing decision: the built-in `beforeBroadcast` hook of priority -100. Undefined results change nothing. */
  route(
    payload: HookMap['beforeBroadcast']['payload'],
  ): SyncHookResult<'beforeBroadcast'> | Promise<SyncHookResult<'beforeBroadcast'>>
  /** Whether the hook above has anything to do in this room; false costs nothing. */
  routes(room: Room): boolean
  /** Tools of one step of a turn: handoff, delegation, strategies. */
  tools(context: TurnContext): Promise<AnyTool[]>
  /** Notes for one turn: handoff note, delegation results, whispered instructions. Using them up is its business. */
  notes(context: TurnContext): Promise<string[]>
  /** State and records to be written with an event that is about to be committed (initial state, counters reset). */
  beforeCommit(locked: LockedRoom, event: EventDraft): CommitExtras | undefined
  /** The first connection of a participant to a room: greets once. */
  connected(roomId: RoomId, since?: string): void
  /** Whether turns of the room wait for a greeting in preparation; resolves when they may start. */
  greeting(roomId: RoomId): Promise<void> | undefined
  /** The agent that speaks now, for openings by requests and outcomes. Null in modes `human` and `paused`. */
  speaker(room: Room): ChannelId | null
  /** The room's effective language for an agent. */
  language(room: Room, agentId: ChannelId): string | undefined
  /** The name people see an agent by. */
  agentName(agentId: ChannelId): string
  /** The visibility of what an agent says that was asked about an event as an observer; undefined: as the event has it. */
  visibility(room: Room, event: RoomEvent, agentId: ChannelId): Visibility | undefined
  /** Whom to ask about an event that lost its turn (recovery, requests), by the present state. */
  decideAnew(room: Room, event: RoomEvent): Promise<ChannelId[]>
  /** The budget that all turns of a room draw on, beside their own; undefined where they have only their own. */
  budget?(roomId: RoomId): Budget | undefined
  /** The work on an event whose asking is a strategy's own business; runs after its commit, outside the lock. */
  handles?(room: Room, event: RoomEvent): ((signal: AbortSignal) => Promise<void>) | undefined
  /** A turn has ended: counters of notes, sequences of strategies. */
  turnEnded(context: TurnContext, state: ConversationState): Promise<void>
  /** The records (`phaseChanged`, `modeChanged`) of a state saved from outside, to be committed with it. */
  stateRecords(room: Room, before: ConversationState, after: ConversationState): EventDraft[]
  /** Takes up what a stopped process left: handoffs recorded but not opened, people waited for. */
  recover(): Promise<void>
  close(): Promise<void>
}
