import type {
  ConversationState,
  Disposer,
  HandoffActor,
  HandoffInput,
  HandoffParticipant,
  HandoffResult,
  Json,
  OrchestrationSpec,
  Room,
  RoomId,
  RoutingPredicate,
} from '@parley/spec'
import type { OrchestrationRuntime } from '../core/orchestration-runtime.ts'
import type { Orchestration } from './definitions/definition.ts'
import type { MigrateOptions, MigrationReport } from './definitions/migrate.ts'
import type { Orchestrations } from './definitions/orchestrations.ts'
import type { HumanDesk } from './human/human-desk.ts'
import type { HumanOptions } from './human/human-options.ts'
import type { OrchestratedAgent } from './orchestrated-agent.ts'
import type { OrchestrationInternals } from './orchestration-internals.ts'
import type { StatusBus } from './status/status-bus.ts'

/** What a kit gives its orchestration. */
export interface OrchestrationRuntimeOptions {
  /** The default for new rooms. */
  orchestration?: Orchestration | undefined
  /** Predicates of routing rules, by name. */
  predicates?: Readonly<Record<string, Exclude<RoutingPredicate, { predicate: string }>>> | undefined
  /** How people are asked, unless a definition says otherwise. */
  human?: HumanOptions | undefined
}

/** What a new room gets of its orchestration, to be written in the commit that makes it. */
export interface NewRoomOrchestration {
  /** Undefined: the kit-wide one, which rooms do not store. */
  orchestration: OrchestrationSpec | null | undefined
  conversation?: Room['conversation']
  /** To be registered, unless they are, and attached. */
  agents: OrchestratedAgent[]
}

/** The orchestration of a kit: what its pipeline and turns ask, and what the kit's own methods delegate to. */
export interface KitOrchestration extends OrchestrationRuntime {
  readonly orchestrations: Orchestrations
  readonly status: StatusBus
  readonly human: HumanDesk
  /** @throws {ParleyError} `room_not_found`, `state_invalid` */
  state(roomId: RoomId): Promise<ConversationState>
  updateState(roomId: RoomId, change: (state: ConversationState) => ConversationState): Promise<ConversationState>
  handoff<Payload = Json>(
    roomId: RoomId,
    input: HandoffInput<Payload>,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult>
  joinHandoffs(roomId: RoomId, participant: HandoffParticipant): Disposer
  /** Takes up what a stopped process left of a room's last handoff. */
  resumeHandoffs(roomId: RoomId): Promise<void>
  migrateOrchestration(id: string, options: MigrateOptions): Promise<MigrationReport>
  /** For `createRoom`: the given orchestration, else the kit's; `null` means none. */
  forNewRoom(orchestration: Orchestration | null | undefined): NewRoomOrchestration | undefined
  /** Sets an orchestration up for a room that exists. */
  install(orchestration: Orchestration, roomId: RoomId): Promise<void>
  /** The parts, for strategies and calls. */
  readonly internals: OrchestrationInternals
}
