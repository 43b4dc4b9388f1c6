import type { Room, RoomEvent } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import type { KitOrchestration } from '../kit-orchestration.ts'
import type { OrchestrationDefinition } from '../definitions/definition.ts'
import { openRooms } from '../definitions/migrate.ts'
import type { Delegations } from './delegations.ts'

/** Events looked at for work that a stopped process left. */
const RECENT = 50
/** Events whose work was begun in this process and is not begun again; more are forgotten, oldest first. */
const REMEMBERED = 10_000

/** An orchestration whose turns also get the tools, notes and budgets of delegations, and whose strategies do work. */
export function withDelegations(core: KitCore, runtime: KitOrchestration, delegations: Delegations): KitOrchestration {
  const begun = new Set<string>()

  /** Work of a strategy for an event, once per process. */
  const workOn = (
    definition: OrchestrationDefinition,
    event: RoomEvent,
  ): ((signal: AbortSignal) => Promise<void>) | undefined => {
    if (definition.handle === undefined || !isTaken(definition, event) || begun.has(event.id)) return undefined
    begun.add(event.id)
    const [oldest] = begun
    if (begun.size > REMEMBERED && oldest !== undefined) begun.delete(oldest)
    return (signal) => definition.handle?.(event, signal) ?? Promise.resolve()
  }

  const definitionOf = (room: Room): OrchestrationDefinition | undefined => {
    const found = runtime.internals.definitions.of(room)
    return found !== undefined && 'definition' in found ? found.definition : undefined
  }

  /** Messages that a strategy had taken over and nothing came of; younger than turns that are run again. */
  const resumeWork = async (room: Room): Promise<void> => {
    const definition = definitionOf(room)
    if (definition?.handle === undefined) return
    const since = new Date(core.clock.now() - core.limits.recoverTurnsMs).toISOString()
    const recent = await core.store.tail(room.id, RECENT, { statuses: ['committed'] })
    for (const event of recent) {
      if (event.createdAt < since || recent.some(({ causeId }) => causeId === event.id)) continue
      const work = workOn(definition, event)
      if (work !== undefined) core.background('strategy', work, { roomId: room.id })
    }
  }

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
      const definition = definitionOf(room)
      return definition === undefined ? undefined : workOn(definition, event)
    },
    async recover() {
      await runtime.recover()
      if (core.store.isProcessLocal) return
      const orchestrated: Room[] = []
      for await (const room of openRooms(core)) {
        await delegations.resume(room)
        if (room.orchestration !== undefined && room.orchestration !== null) orchestrated.push(room)
      }
      // After the tasks: what was done of a strategy's work is found by its keys.
      for (const room of orchestrated) await resumeWork(room)
    },
    async close() {
      delegations.close()
      await runtime.close()
    },
  }
}

function isTaken({ kind, id }: OrchestrationDefinition, { routing }: RoomEvent): boolean {
  return routing?.rule === `${kind}:${id}` && routing.targets?.length === 0
}
