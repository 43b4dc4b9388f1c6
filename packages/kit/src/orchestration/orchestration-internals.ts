import type {
  ChannelBinding,
  ChannelId,
  ConversationState,
  Participant,
  Room,
  RoomEvent,
  RoomId,
  RoutingDecision,
} from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import type { OrchestrationDefinition } from './definitions/definition.ts'
import type { RoomDefinitions } from './definitions/room-definitions.ts'
import type { Greetings } from './greetings/greetings.ts'
import type { HandoffInterpreter } from './handoff/handoff-interpreter.ts'
import type { HandoffHandler } from './handoff/handoff-handler.ts'
import type { HandoffSetups } from './handoff/handoff-setups.ts'
import type { Languages } from './language/set-language.ts'
import type { OrchestratedAgent } from './orchestrated-agent.ts'
import type { HumanOptions } from './human/human-options.ts'
import type { StatusBus } from './status/status-bus.ts'

/** A room as it was read for one decision. */
export interface RoomReading {
  room: Room
  bindings: readonly ChannelBinding[]
  participants: readonly Participant[]
}

/** What the parts of orchestration share; one per kit. */
export interface OrchestrationInternals {
  readonly core: KitCore
  readonly definitions: RoomDefinitions
  readonly setups: HandoffSetups
  readonly status: StatusBus
  readonly handoffs: HandoffInterpreter
  readonly greetings: Greetings
  readonly languages: Languages
  /** How people are asked, unless a definition says otherwise. */
  readonly human: HumanOptions
  /** The handler that serves a room: its definition's, else one set up by hand for the agent, else the plain one. */
  handlerOf(room: Pick<Room, 'orchestration'>, agentId?: ChannelId): HandoffHandler
  /** An agent by id: registered, else one a handler knows. */
  agent(agentId: ChannelId, room?: Pick<Room, 'orchestration'>): OrchestratedAgent | undefined
  nameOf(agentId: ChannelId | null | undefined): string
  /** Decides by the present state; undefined where a plain room's own rule holds. */
  decide(reading: RoomReading, event: RoomEvent, state: ConversationState): RoutingDecision | undefined
  /** Sets a definition up for one room. Resolves when it is stored. */
  installForRoom(definition: OrchestrationDefinition, version: number, roomId: RoomId): Promise<void>
  /** Sets a definition up for all rooms without one. @throws {ParleyError} `router_already_installed` */
  installForKit(definition: OrchestrationDefinition, options: { replace: boolean }): void
  /** Rooms wait for people while their agent goes on: the desk's list must look at all rooms. */
  waitsBeside: boolean
  /** Waits for a person of a room until a time; again after a restart. */
  armTimeout(roomId: RoomId, expiresAt: string | undefined): void
}
