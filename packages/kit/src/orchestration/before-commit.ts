import type { CommitExtras, ConversationState, EventDraft } from '@parley/spec'
import type { LockedRoom } from '../core/locked-room.ts'
import { fittingState } from './definitions/install-in-room.ts'
import { WHISPERS, whisperIn, whispersOf } from './human/coach-routing.ts'
import type { OrchestrationInternals } from './orchestration-internals.ts'
import { getConversationState } from './state/room-state.ts'

/** Under which field of the state it is noted from where on messages wait for what a process lacked. */
export const MISSED = 'missedFromIndex'

/** State and records that go with an event: where a conversation begins, what was missed, what was whispered. */
export function beforeCommit(
  internals: OrchestrationInternals,
  locked: LockedRoom,
  event: EventDraft,
): CommitExtras | undefined {
  const { room } = locked
  if (
    room.conversation === undefined &&
    room.orchestration === undefined &&
    internals.definitions.kitWide === undefined
  )
    return undefined
  const found = internals.definitions.of(room)
  let before: ConversationState
  try {
    before = getConversationState(room)
  } catch {
    return undefined // unreadable: `route` has said so; the event is committed as it is
  }
  let next = before
  if (found !== undefined && 'definition' in found) {
    const isUntouched = before.phaseHistory.length === 0 && before.activeAgentId === null && before.mode === 'agent'
    const fitting = isUntouched
      ? fittingState(found.definition, room.conversation === undefined ? undefined : before, internals.core.now())
      : undefined
    next = fitting ?? next
    if (next.toJSON()[MISSED] !== undefined && event.routing !== undefined) next = next.with({ [MISSED]: undefined })
  } else if (
    found !== undefined &&
    event.routing?.reason === 'orchestration_missing' &&
    before.toJSON()[MISSED] === undefined
  ) {
    next = before.with({ [MISSED]: room.latestIndex + 1 })
  }
  const whisper = room.conversation === undefined ? undefined : whisperIn(before, event)
  if (whisper !== undefined) next = next.with({ [WHISPERS]: [...whispersOf(before), whisper] })
  return next === before ? undefined : { conversation: { expectedVersion: before.version, next: next.toJSON() } }
}
