import type { KitOrchestration } from '../create-orchestration-runtime.ts'
import type { Delegations } from './delegations.ts'

/** An orchestration whose turns also get the tools, notes and budgets of delegations, and whose strategies do work. */
export function withDelegations(runtime: KitOrchestration, delegations: Delegations): KitOrchestration {
  return {
    ...runtime,
    async tools(context) {
      const own = await delegations.tools(context)
      const others = await runtime.tools(context)
      return own.length === 0 ? others : [...others, ...own]
    },
    async notes(context) {
      const own = await delegations.notes(context)
      const others = await runtime.notes(context)
      return own.length === 0 ? others : [...others, ...own]
    },
    async turnEnded(context, state) {
      await delegations.turnEnded(context)
      await runtime.turnEnded(context, state)
    },
    budget: (roomId) => delegations.budget(roomId),
    handles(room, event) {
      const { routing } = event
      const found = runtime.internals.definitions.of(room)
      if (found === undefined || 'missing' in found) return undefined
      const { definition } = found
      const isTaken = routing?.rule === `${definition.kind}:${definition.id}` && routing.targets?.length === 0
      return isTaken && definition.handle !== undefined ? (signal) => definition.handle?.(event, signal) ?? Promise.resolve() : undefined
    },
    async recover() {
      await runtime.recover()
      await delegations.recover()
    },
    async close() {
      delegations.close()
      await runtime.close()
    },
  }
}
