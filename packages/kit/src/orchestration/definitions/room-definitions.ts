import type { ChannelId, OrchestrationSpec, Room } from '@parley/spec'
import { jsonEqual } from '../../store/json-equal.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import type { OrchestrationDefinition } from './definition.ts'

/** What serves a room: a definition, nothing, or the name of what this process lacks. */
export type RoomDefinition = { definition: OrchestrationDefinition } | { missing: string } | undefined

/** Finds the definition of a room; restores it from what the room stored, once per process. */
export interface RoomDefinitions {
  of(room: Pick<Room, 'orchestration'>): RoomDefinition
  /** The definition for rooms without one of their own. */
  kitWide: OrchestrationDefinition | undefined
}

/** How many different stored definitions are kept in memory. */
const CACHED = 1_000

/** Makes the look-up. `isRegistered` tells whether this process has an agent. */
export function createRoomDefinitions(
  kit: OrchestrationHost,
  isRegistered: (agentId: ChannelId) => boolean,
): RoomDefinitions {
  const restored = new Map<string, { definition: OrchestrationDefinition }>()
  const bySpec = new WeakMap<OrchestrationSpec, { definition: OrchestrationDefinition }>()
  let generation = {}
  const generations = new WeakMap<object, object>()
  kit.orchestrations.onChange(() => {
    restored.clear()
    generation = {}
  })

  const restore = (stored: OrchestrationSpec): RoomDefinition => {
    const found = findDefinition(kit, stored)
    if ('missing' in found) return found
    const absent = found.definition.agentIds.find((agentId) => !isRegistered(agentId))
    return absent === undefined ? found : { missing: absent }
  }

  const all: RoomDefinitions = {
    kitWide: undefined,
    of({ orchestration }) {
      if (orchestration === null) return undefined
      if (orchestration === undefined) return all.kitWide === undefined ? undefined : { definition: all.kitWide }
      const known = bySpec.get(orchestration)
      if (known !== undefined && generations.get(orchestration) === generation) return known
      const key = JSON.stringify(orchestration)
      let found = restored.get(key)
      if (found === undefined) {
        const result = restore(orchestration)
        if (result === undefined || 'missing' in result) return result
        found = result
        if (restored.size >= CACHED) restored.clear()
        restored.set(key, found)
      }
      bySpec.set(orchestration, found)
      generations.set(orchestration, generation)
      return found
    },
  }
  return all
}

function findDefinition(
  kit: OrchestrationHost,
  stored: OrchestrationSpec,
): { definition: OrchestrationDefinition } | { missing: string } {
  const { orchestrations } = kit
  const equal = orchestrations
    .list()
    .find(({ definition }) => definition.id === stored.id && jsonEqual(definition.spec, stored.spec))
  if (equal !== undefined) return { definition: equal.definition }
  orchestrations.sawVersion(stored)
  const restoreKind = orchestrations.restorerOf(stored.kind)
  if (restoreKind === undefined) return { missing: stored.id }
  try {
    const built = restoreKind(stored, { kit, registered: orchestrations.get(stored.id) })
    return 'missing' in built ? built : { definition: built }
  } catch {
    // What is stored cannot be read by this version: the room is treated as one whose definition is not here.
    return { missing: stored.id }
  }
}
