import type { RoomId } from '@parley/spec'
import { newBinding } from '../../rooms/new-room.ts'
import type { Orchestration } from '../definitions/definition.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'

/** Makes agents known that are not. They stay when the strategy's rooms are gone, as any other channel. */
export function registerAgents(kit: OrchestrationHost, agents: readonly OrchestratedAgent[]): void {
  const { registry } = internalsOf(kit).core
  for (const agent of agents) if (registry.get(agent.channelId) === undefined) registry.add(agent)
}

/** Sets a strategy up for a room that exists: its agents are attached, its definition is stored. */
export async function installStrategy(kit: OrchestrationHost, strategy: Orchestration, roomId: RoomId): Promise<void> {
  const { core, installForRoom } = internalsOf(kit)
  const agents = strategy.agents()
  registerAgents(kit, agents)
  const definition = strategy.define(kit)
  const version = kit.orchestrations.register(definition)
  await core.inRoom(roomId, async (locked) => {
    const missing = agents.filter(
      ({ channelId }) => !locked.bindings.some((binding) => binding.channelId === channelId),
    )
    if (missing.length > 0)
      await locked.commit([], { room: { bindings: missing.map((agent) => newBinding(roomId, agent, core.now())) } })
  })
  await installForRoom(definition, version, roomId)
}
