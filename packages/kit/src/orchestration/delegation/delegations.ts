import type {
  AnyTool,
  Budget,
  ChannelId,
  Delegation,
  DelegateOptions,
  Disposer,
  Room,
  RoomId,
  TurnContext,
} from '@parley/spec'
import { ParleyError } from '@parley/spec'
import type { OrchestrationHost } from '../orchestration-host.ts'
import type { Orchestrations } from '../definitions/orchestrations.ts'

/** Tasks that agents, people and code give to agents, each in a child room with a log of its own. */
export interface Delegations {
  /**
   * Gives a task. Resolves when it has ended, or with `wait: false` when it is under way.
   * @throws {ParleyError} `room_not_found`, `room_closed`, `channel_not_registered`, `channel_not_bound`,
   * `delegation_depth`, `delegation_busy`, `invalid_options`
   */
  delegate(roomId: RoomId, agentId: ChannelId, task: string, options: DelegateOptions): Promise<Delegation>
  /** Tools of a worker's turn: `submit_result` where a schema is set. */
  tools(context: TurnContext): Promise<AnyTool[]>
  /** Results that the agent of a turn has not read. */
  notes(context: TurnContext): Promise<string[]>
  /** Results read in a turn are used up. */
  turnEnded(context: TurnContext): Promise<void>
  /** The budget that all turns of a room draw on: a child's, or one it was funded with. */
  budget(roomId: RoomId): Budget | undefined
  /** Lets all turns of a room draw on a budget, until disposed of. */
  fund(roomId: RoomId, budget: Budget): Disposer
  /** Takes up what a stopped process left of a child room; does nothing for other rooms. */
  resume(room: Room): Promise<void>
  close(): void
}

const byRegistry = new WeakMap<Orchestrations, Delegations>()

/** Binds delegations to a kit's registry, so that strategies find them. */
export function provideDelegations(host: OrchestrationHost, delegations: Delegations): void {
  byRegistry.set(host.orchestrations, delegations)
}

/** The delegations of a kit. @throws {ParleyError} `invalid_options` when it is not a kit */
export function delegationsOf(host: OrchestrationHost): Delegations {
  const found = byRegistry.get(host.orchestrations)
  if (found !== undefined) return found
  throw new ParleyError({
    code: 'invalid_options',
    message: 'Tasks are delegated in a Kit. Pass the kit itself.',
    details: { path: 'kit', expected: 'Kit' },
  })
}
