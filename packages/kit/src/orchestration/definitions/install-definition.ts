import type { RoomId } from '@parley/spec'
import type { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { internalsOf, type OrchestrationHost } from '../orchestration-host.ts'
import type { OrchestrationDefinition } from './definition.ts'

/** Where a definition is installed. */
export interface InstallTarget {
  roomId?: RoomId
  version?: number
  replace?: boolean
}

/**
 * Registers a definition and sets it up for one room, or for all that have none; makes its handler serve its agents.
 * @throws {ParleyError} `router_already_installed`, `handoff_already_set_up`
 */
export function installDefinition(
  kit: OrchestrationHost,
  definition: OrchestrationDefinition & { handler: HandoffHandler },
  agents: readonly OrchestratedAgent[],
  { roomId, version, replace = false }: InstallTarget,
): HandoffHandler {
  const internals = internalsOf(kit)
  const { handler } = definition
  if (roomId === undefined) internals.installForKit(definition, { replace })
  // A definition that is installed again brings a handler of its own; the newest serves.
  internals.setups.removeScope(handler.scope)
  const given = kit.orchestrations.register(definition, version === undefined ? {} : { version })
  for (const agent of agents) internals.setups.add(agent, handler, undefined)
  if (roomId !== undefined) {
    handler.installed = internals.installForRoom(definition, given, roomId)
    // Whoever does not wait for it learns of a failure by `onError`.
    handler.installed.catch((thrown: unknown) => internals.core.reportError(thrown, { stage: 'orchestration', roomId }))
  }
  return handler
}
