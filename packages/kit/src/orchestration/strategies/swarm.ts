import type { ChannelId, Json, OrchestrationSpec, RoomId } from '@parley/spec'
import {
  derivedId,
  type Orchestration,
  type OrchestrationDefinition,
  type RestoreDefinition,
} from '../definitions/definition.ts'
import { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import { ConversationRouter } from '../router/conversation-router.ts'
import { installStrategy } from './install-strategy.ts'
import { checkStrategy, isBadTeam } from './strategy-options.ts'

/** Options of a `Swarm`. */
export interface SwarmOptions {
  agents: readonly OrchestratedAgent[]
  /** Who is active first. @default the first agent */
  entry?: ChannelId
  /** Agent to the agents it may hand to; one that is not named may hand to all. @default everybody to everybody */
  allow?: Record<ChannelId, ChannelId[]>
  /** @default made of the options */
  id?: string
}

/** The one phase of a swarm. */
export const SWARM_PHASE = 'swarm'

interface StoredSwarm {
  agents: ChannelId[]
  entry: ChannelId
  allow: Record<ChannelId, ChannelId[]>
}

/**
 * Agents that hand a conversation to each other as they see fit.
 * @throws {ParleyError} `invalid_options`
 */
export class Swarm implements Orchestration {
  readonly kind = 'swarm'
  readonly id: string
  readonly #agents: readonly OrchestratedAgent[]
  readonly #stored: StoredSwarm

  constructor(options: SwarmOptions) {
    const { agents, allow = {} } = options
    checkStrategy(
      'Swarm',
      options,
      ['agents', 'entry', 'allow', 'id'],
      [[isBadTeam(agents), 'agents', 'a list of agents, each once']],
    )
    const ids = agents.map(({ channelId }) => channelId)
    const { entry = ids[0] ?? '' } = options
    const named = Object.entries(allow)
    checkStrategy('Swarm', options, Object.keys(options), [
      [!ids.includes(entry), 'entry', `one of its agents (${ids.join(', ')})`],
      [
        named.some(([from, to]) => !ids.includes(from) || !Array.isArray(to) || to.some((id) => !ids.includes(id))),
        'allow',
        `lists of its agents (${ids.join(', ')}) by agent`,
      ],
    ])
    this.#agents = [...agents]
    this.#stored = { agents: ids, entry, allow: Object.fromEntries(named.map(([from, to]) => [from, [...to]])) }
    // Plain data through and through.
    this.id = options.id ?? derivedId('swarm', this.#stored as unknown as Json)
  }

  agents(): OrchestratedAgent[] {
    return [...this.#agents]
  }

  install(kit: OrchestrationHost, roomId: RoomId): Promise<void> {
    return installStrategy(kit, this, roomId)
  }

  spec(): OrchestrationSpec {
    // Plain data through and through.
    return { kind: 'swarm', id: this.id, version: 1, spec: this.#stored as unknown as Json }
  }

  define(kit: OrchestrationHost): OrchestrationDefinition {
    return swarmDefinition(kit, this.id, this.#stored, this.#agents)
  }
}

function swarmDefinition(
  kit: OrchestrationHost,
  id: string,
  stored: StoredSwarm,
  agents: readonly OrchestratedAgent[],
): OrchestrationDefinition {
  const { agents: agentIds, entry, allow } = stored
  const router = new ConversationRouter({ defaultAgentId: entry })
  const handler = new HandoffHandler(kit, router, {
    phaseMap: Object.fromEntries(agentIds.map((agentId) => [agentId, SWARM_PHASE])),
    allowedTargets: allow,
    scope: `definition:${id}`,
  })
  handler.agents = Object.fromEntries(agents.map((agent) => [agent.channelId, agent]))
  return {
    kind: 'swarm',
    id,
    // Plain data through and through.
    spec: stored as unknown as Json,
    router,
    handler,
    agentIds,
    initial: { phase: SWARM_PHASE, activeAgentId: entry },
  }
}

/** Builds a swarm from what a room stored. */
export const restoreSwarm: RestoreDefinition = (stored, { kit, registered }) =>
  // Written by `Swarm` of this or an earlier process.
  swarmDefinition(
    kit,
    stored.id,
    stored.spec as unknown as StoredSwarm,
    Object.values(registered?.handler?.agents ?? {}),
  )
