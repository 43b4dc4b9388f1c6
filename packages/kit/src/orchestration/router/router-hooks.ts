import type { Disposer, Room } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import type { HookFor } from '../../hooks/hook-engine.ts'
import type { OrchestrationDefinition } from '../definitions/definition.ts'

/** Where the built-in router is among the hooks of `beforeBroadcast`. */
export const DEFAULT_HOOK_PRIORITY = -100

/** Where a room's router is among the hooks. */
export function hookPriorityOf(definition: OrchestrationDefinition | undefined): number {
  return definition?.hookPriority ?? DEFAULT_HOOK_PRIORITY
}

/** Routers that asked for another place among the hooks than the built-in one has. */
export interface RouterHooks {
  ensure(definition: OrchestrationDefinition): void
  dispose(): void
}

/** Makes the places; each routes the rooms whose definition asked for it. */
export function createRouterHooks(
  { hooks }: KitCore,
  definitionOf: (room: Pick<Room, 'orchestration'>) => OrchestrationDefinition | undefined,
  route: HookFor<'beforeBroadcast'>,
): RouterHooks {
  const places = new Map<number, Disposer>()
  return {
    ensure(definition) {
      const priority = hookPriorityOf(definition)
      if (priority === DEFAULT_HOOK_PRIORITY || places.has(priority)) return
      const dispose = hooks.add(
        'beforeBroadcast',
        (payload, context) =>
          hookPriorityOf(definitionOf(payload.room)) === priority ? route(payload, context) : undefined,
        { name: 'conversationRouter', priority, live: 'pass' },
      )
      places.set(priority, dispose)
    },
    dispose() {
      for (const dispose of places.values()) dispose()
    },
  }
}
