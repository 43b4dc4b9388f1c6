import type { AgentResponsePolicy, Disposer, RoomId, TurnId } from '@parley/spec'
import type { Outbox } from '../delivery/outbox.ts'
import type { InboundLimits } from '../inbound/inbound-limits.ts'
import type { NewRoomOrchestration } from '../orchestration/kit-orchestration.ts'
import type { Cascades } from '../turns/cascades.ts'
import type { Requests } from '../requests/requests.ts'
import type { Lanes } from '../delivery/lanes.ts'
import type { KitCore } from './core.ts'

/** The core with the parts that only the kit's own folders use. */
export interface KitParts extends KitCore {
  readonly cascades: Cascades
  readonly lanes: Lanes
  readonly requests: Requests
  readonly inboundLimits: InboundLimits
  /** What the host gives every turn as `deps`. */
  readonly deps: unknown
  readonly ephemeralTypes: ReadonlySet<string>
  /** What a new room gets of the kit's orchestration. */
  newRoomOrchestration(): NewRoomOrchestration | undefined
  /** The policy of new rooms. */
  readonly defaultPolicy: AgentResponsePolicy
  readonly outbox: Outbox
  /** Resolves when no background work of the room is under way. */
  idleBackground(roomId: RoomId): Promise<void>
  /** Whether nothing of the room is under way, one turn apart. */
  isAtRest(roomId: RoomId, except?: TurnId): boolean
  /** Resolves when no turn of any room runs or waits. */
  allTurnsEnded(): Promise<void>
  /** Gives back what a part holds when the kit closes. */
  onClose(run: () => void): Disposer
}

/** Options of work inside a room. */
export interface InRoomOptions {
  timeoutMs?: number
  signal?: AbortSignal
  organizationId?: string
}
