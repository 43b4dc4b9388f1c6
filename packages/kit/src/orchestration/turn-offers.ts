import type { AnyTool, ConversationState, Room, TurnContext } from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import { turnServices } from '../core/turn-services.ts'
import type { OrchestrationDefinition } from './definitions/definition.ts'
import type { Orchestrations } from './definitions/orchestrations.ts'
import { givesNote, noteFor, noteText } from './handoff/handoff-note.ts'
import { handoffTools } from './handoff/handoff-tools.ts'
import { whispersOf } from './human/coach-routing.ts'
import type { OrchestrationInternals, RoomReading } from './orchestration-internals.ts'
import { getConversationState } from './state/room-state.ts'

/** What orchestration gives an agent for a turn. */
export interface TurnOffers {
  /** Tools to hand over with, and those of the room's definition. */
  tools(context: TurnContext): Promise<AnyTool[]>
  /** Notes of a handoff, of colleagues and of the room's definition. */
  notes(context: TurnContext): Promise<string[]>
}

/** Makes what a kit's orchestration offers to turns. A room that uses none of it is not read. */
export function createTurnOffers(
  internals: OrchestrationInternals,
  {
    orchestrations,
    definitionOf,
  }: {
    orchestrations: Orchestrations
    definitionOf(room: Pick<Room, 'orchestration'>): OrchestrationDefinition | undefined
  },
): TurnOffers {
  const { core, definitions, setups } = internals
  const isPlain = (state: ConversationState): boolean =>
    state.version === 0 && definitions.kitWide === undefined && orchestrations.list().length === 0
  return {
    async tools(context) {
      if (setups.isEmpty && isPlain(context.state)) return []
      const found = await readRoom(core, context)
      if (found === undefined) return []
      const definition = definitionOf(found.reading.room)
      const handler = definition?.handler ?? setups.handler(context.agentId)
      const own =
        handler === undefined ? [] : handoffTools(internals, handler, context.agentId, found.reading, found.state)
      const more = definition?.tools === undefined ? [] : await definition.tools(context)
      return [...own, ...more]
    },
    async notes(context) {
      const { state, agentId } = context
      if (isPlain(state)) return []
      const note = noteFor(state, agentId)
      const own = note !== undefined && givesNote(state, internals) ? [noteText(note)] : []
      const whispers = whispersOf(state).filter((whisper) => whisper.agentId === agentId)
      const whispered = whispers.map(({ text }) => `[A colleague tells you, unseen by the person: ${text}]`)
      const room = turnServices(context)?.reading?.room
      const definition = room === undefined ? undefined : definitionOf(room)
      const more = definition?.notes === undefined ? [] : await definition.notes(context)
      return [...own, ...whispered, ...more]
    },
  }
}

const readTurns = new WeakSet<TurnContext>()

/** The room as it is now: in the first step as the turn has just read it, later anew. */
async function readRoom(
  core: KitCore,
  context: TurnContext,
): Promise<{ reading: RoomReading; state: ConversationState } | undefined> {
  const reading = turnServices(context)?.reading
  if (reading !== undefined && !readTurns.has(context)) {
    readTurns.add(context)
    return { reading, state: context.state }
  }
  const found = await core.store.loadContext(context.room.id, { tail: 0 })
  if (found === null) return undefined
  return { reading: found, state: getConversationState(found.room) }
}
