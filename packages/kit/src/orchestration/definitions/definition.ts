import type {
  AnyTool,
  ChannelId,
  Content,
  ConversationState,
  HandoffPlan,
  Json,
  OrchestrationSpec,
  RoomEvent,
  TurnContext,
} from '@parley/spec'
import type { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import type { ConversationRouter } from '../router/conversation-router.ts'

/** Where a conversation begins. */
export interface InitialConversation {
  phase: string
  activeAgentId: ChannelId | null
}

/** How the agents of a room work together, as this process holds it. */
export interface OrchestrationDefinition {
  readonly kind: OrchestrationSpec['kind']
  readonly id: string
  /** What rooms store: everything serializable. Functions are found again by the definition's id. */
  readonly spec: Json
  readonly router: ConversationRouter
  readonly handler?: HandoffHandler
  /** Set where a room has no state yet. */
  readonly initial?: InitialConversation
  /** All phases it knows; absent: any. */
  readonly phases?: readonly string[]
  /** Agents without which nothing can be routed: they must be registered in this process. */
  readonly agentIds: readonly ChannelId[]
  /** Of the routing hook. @default -100 */
  readonly hookPriority?: number
  /** A line for people about a handoff, or null for none. */
  readonly announce?: (plan: HandoffPlan) => Content | null
  /** Tools beyond the handoff tool, asked for in each step of each turn in the room. */
  tools?(context: TurnContext): Promise<AnyTool[]>
  /** Notes beyond the handoff note. */
  notes?(context: TurnContext): Promise<string[]>
  /** Whether this event's asking is the strategy's own business; it then asks whom it wants. Runs under the lock: no waiting. */
  takesOver?(event: RoomEvent, state: ConversationState): boolean
  /** Runs after the commit of an event that was taken over, outside the lock. */
  handle?(event: RoomEvent, signal: AbortSignal): Promise<void>
  turnEnded?(context: TurnContext, state: ConversationState): Promise<void>
}

/** A way for agents to work together: `Pipeline`, `Swarm`, `Supervisor`, `Loop`. Given to `createRoom` or `new Kit`. */
export interface Orchestration {
  readonly kind: OrchestrationSpec['kind']
  readonly id: string
  agents(): OrchestratedAgent[]
  /** Sets up a room that exists. */
  install(kit: OrchestrationHost, roomId: string): Promise<void>
  spec(): OrchestrationSpec
  /** The definition behind it, made for one kit. */
  define(kit: OrchestrationHost): OrchestrationDefinition
}

/**
 * Builds a definition from what a room stored, when this process holds no equal one. `registered` is the present
 * definition of the same id, for its functions. Gives `missing` when a function it needs is not there.
 */
export type RestoreDefinition = (
  stored: OrchestrationSpec,
  from: { kit: OrchestrationHost; registered: OrchestrationDefinition | undefined },
) => OrchestrationDefinition | { missing: string }

/** What a room stores of a definition. */
export function toSpec(definition: OrchestrationDefinition, version: number): OrchestrationSpec {
  return { kind: definition.kind, id: definition.id, version, spec: definition.spec }
}

/** A stable id for a definition that was given none: the same content has the same id after a restart. */
export function derivedId(kind: string, spec: Json): string {
  let hash = 0x811c9dc5
  for (const char of JSON.stringify(spec)) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return `${kind}-${hash.toString(16).padStart(8, '0')}`
}
