import { ParleyError } from '@parley/spec'
import type { ConversationState, TurnContext } from '@parley/spec'
import type { KitCore } from '../core/core.ts'
import { noteFor } from './handoff/handoff-note.ts'
import { WHISPERS, whispersJson, whispersOf } from './human/coach-routing.ts'
import { updateState } from './state/change-state.ts'

/** A note is read in so many turns; a whisper in one. */
export async function useUpNotes(
  core: KitCore,
  { agentId, room }: TurnContext,
  state: ConversationState,
): Promise<void> {
  const note = noteFor(state, agentId)
  const hasWhispers = state.version > 0 && whispersOf(state).some((whisper) => whisper.agentId === agentId)
  if (note === undefined && !hasWhispers) return
  const used = whispersOf(state).filter((whisper) => whisper.agentId === agentId).length
  try {
    await updateState(core, room.id, (present) => {
      let next = present
      const { handoff } = present
      if (note !== undefined && handoff?.handoffId === note.handoffId && handoff.turnsLeft > 0) {
        next = next.with({ handoff: { ...handoff, turnsLeft: handoff.turnsLeft - 1 } })
      }
      if (used > 0) next = next.with({ [WHISPERS]: whispersJson(withoutFirst(whispersOf(present), agentId, used)) })
      return next
    })
  } catch (thrown) {
    // A room that was closed meanwhile needs no notes.
    if (!ParleyError.isInstance(thrown) || (thrown.code !== 'room_closed' && thrown.code !== 'room_archived'))
      throw thrown
  }
}

function withoutFirst<T extends { agentId: string }>(whispers: readonly T[], agentId: string, count: number): T[] {
  let left = count
  return whispers.filter((whisper) => whisper.agentId !== agentId || left-- <= 0)
}
