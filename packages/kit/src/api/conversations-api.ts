import type {
  ChannelId,
  ConversationState,
  DelegateOptions,
  Delegation,
  Disposer,
  HandoffActor,
  HandoffInput,
  HandoffParticipant,
  HandoffResult,
  Json,
  RoomId,
} from '@parley/spec'
import type { KitOrchestration } from '../orchestration/kit-orchestration.ts'
import type { MigrateOptions, MigrationReport } from '../orchestration/definitions/migrate.ts'
import type { Delegations } from '../orchestration/delegation/delegations.ts'

/** Conversations in a kit's rooms: who has them, and what is given on. */
export interface ConversationsApi {
  /** The conversation state of a room. @throws {ParleyError} `room_not_found`, `state_invalid` */
  state(roomId: RoomId): Promise<ConversationState>
  /** Changes the state by a pure function, under the lock and with its record; tried again on conflict, 3 times at most. */
  updateState(roomId: RoomId, change: (state: ConversationState) => ConversationState): Promise<ConversationState>
  /** Hands the conversation over, asked for by code or a person. A refusal is a value. */
  handoff<Payload = Json>(
    roomId: RoomId,
    input: HandoffInput<Payload>,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult>
  /** Something that must be ready before a handoff switches. */
  joinHandoffs(roomId: RoomId, participant: HandoffParticipant): Disposer
  /**
   * Gives a task to an agent, in a child room with a log of its own. Resolves when it has ended, or with `wait: false`
   * when it is under way.
   * @throws {ParleyError} `room_not_found`, `channel_not_registered`, `delegation_depth`, `delegation_busy`
   */
  delegate(roomId: RoomId, agentId: ChannelId, task: string, options: DelegateOptions): Promise<Delegation>
  /** Moves rooms to another version of a definition. */
  migrateOrchestration(id: string, options: MigrateOptions): Promise<MigrationReport>
}

/** What a kit does with conversations. */
export function createConversationsApi(
  orchestration: KitOrchestration & { delegations: Delegations },
): ConversationsApi {
  return {
    state: async (roomId) => orchestration.state(roomId),
    updateState: async (roomId, change) => orchestration.updateState(roomId, change),
    handoff: async (roomId, input, options) => orchestration.handoff(roomId, input, options),
    joinHandoffs: (roomId, participant) => orchestration.joinHandoffs(roomId, participant),
    delegate: async (roomId, agentId, task, options) =>
      orchestration.delegations.delegate(roomId, agentId, task, options),
    migrateOrchestration: async (id, options) => orchestration.migrateOrchestration(id, options),
  }
}
