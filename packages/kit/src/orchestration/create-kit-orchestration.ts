import type { KitParts } from '../core/kit-parts.ts'
import { sendFromSystem } from '../inbound/prepare-send.ts'
import { createRoom } from '../rooms/create-room.ts'
import { closeRoom } from '../rooms/lifecycle.ts'
import { createOrchestrationRuntime } from './create-orchestration-runtime.ts'
import type { KitOrchestration, OrchestrationRuntimeOptions } from './kit-orchestration.ts'
import { createDelegations } from './delegation/create-delegations.ts'
import { provideDelegations, type Delegations } from './delegation/delegations.ts'
import { withDelegations } from './delegation/with-delegations.ts'
import { restoreLoop } from './strategies/loop-definition.ts'
import { restoreSupervisor } from './strategies/supervisor-definition.ts'
import { restoreSwarm } from './strategies/swarm.ts'

/** Orchestration with strategies and delegation: all of it that a kit has. */
export function createKitOrchestration(
  parts: KitParts,
  options: OrchestrationRuntimeOptions,
): KitOrchestration & { delegations: Delegations } {
  const runtime = createOrchestrationRuntime(parts, options)
  const { orchestrations, status } = runtime
  orchestrations.registerKind('swarm', restoreSwarm)
  orchestrations.registerKind('supervisor', restoreSupervisor)
  orchestrations.registerKind('loop', restoreLoop)
  const delegations = createDelegations({
    core: parts,
    status,
    createRoom: (room) => createRoom(parts, room, { orchestration: null, agents: [] }),
    closeRoom: (roomId, reason) => closeRoom(parts, roomId, { reason }),
    sendSystem: (roomId, input) => sendFromSystem(parts, roomId, input),
  })
  provideDelegations({ orchestrations }, delegations)
  // Known from the start, so rooms of an earlier process go on before any new room is made.
  runtime.forNewRoom(undefined)
  for (const agent of options.orchestration?.agents() ?? []) parts.registry.offer(agent)
  return { ...withDelegations(parts, runtime, delegations), delegations }
}
