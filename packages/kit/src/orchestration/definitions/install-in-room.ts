import { ConversationState, ParleyError } from '@parley/spec'
import type { EventDraft, RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { stateRecords } from '../state/state-records.ts'
import { toSpec, type InitialConversation, type OrchestrationDefinition } from './definition.ts'

/** Stores a definition with a room, and sets phase and agent where it has no state that fits. */
export async function installInRoom(
  core: KitCore,
  definition: OrchestrationDefinition,
  version: number,
  roomId: RoomId,
): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const isDone = await core.inRoom(roomId, async (locked) => {
      const { conversation } = locked.room
      const before = locked.state()
      const after = fittingState(definition, conversation === undefined ? undefined : before, core.now())
      const drafts: EventDraft[] =
        after === undefined || conversation === undefined ? [] : stateRecords(core, locked.room, before, after)
      const outcome = await locked.commit(drafts, {
        room: { orchestration: toSpec(definition, version) },
        ...(after === undefined ? {} : { conversation: { expectedVersion: before.version, next: after.toJSON() } }),
      })
      return 'events' in outcome
    })
    if (isDone) return
  }
  throw new ParleyError({
    code: 'version_conflict',
    message: `Room ${roomId} was changed meanwhile. Install the orchestration again.`,
    details: { roomId },
  })
}

/** The state a room gets from a definition; undefined when the one it has fits. */
export function fittingState(
  definition: OrchestrationDefinition,
  state: ConversationState | undefined,
  now: string,
): ConversationState | undefined {
  const { initial, phases } = definition
  if (initial === undefined) return undefined
  if (state === undefined) return initialState(initial, now)
  if (state.mode !== 'agent' || phases === undefined || phases.includes(state.phase)) return undefined
  return state.transition(initial.phase, { toAgent: initial.activeAgentId, reason: 'orchestration installed', at: now })
}

/** The state a conversation begins with. */
export function initialState({ phase, activeAgentId }: InitialConversation, now: string): ConversationState {
  return new ConversationState({ phase, activeAgentId, phaseStartedAt: now })
}
