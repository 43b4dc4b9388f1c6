import { ConversationState, ParleyError } from '@parley/spec'
import type { RoomId } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'
import { stateRecords, transitionBetween, type ChangeCause } from './state-records.ts'
import { jsonEqual } from '../../store/json-equal.ts'

/** How often a change is tried on a fresh state. */
const TRIES = 3

/**
 * Changes a room's state under its lock: the function is run on the present state, again on a conflict, at most three
 * times; state and log record are committed together.
 * @throws {ParleyError} `version_conflict` for a state that was not made from the present one, or after three conflicts;
 * `room_not_found`, `room_closed`, `state_invalid`
 */
export async function updateState(
  core: KitCore,
  roomId: RoomId,
  change: (state: ConversationState) => ConversationState,
  cause: ChangeCause = {},
): Promise<ConversationState> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const saved = await core.inRoom(roomId, async (locked) => {
      const before = locked.state()
      const after = ConversationState.parse(change(before))
      if (after === before || isSame(before, after)) return { before, after: before }
      if (after.version !== before.version) throw stale(roomId, before.version)
      const drafts = stateRecords(core, locked.room, before, after, cause)
      const conversation = { expectedVersion: before.version, next: after.toJSON() }
      const outcome = await locked.commit(drafts, { conversation })
      return 'events' in outcome ? { before, after: locked.state() } : undefined
    })
    if (saved === undefined) continue
    const { before, after } = saved
    if (before.phase !== after.phase) {
      core.hooks.fire(
        'onPhaseTransition',
        { roomId, transition: transitionBetween(before, after, core.now()) },
        { roomId },
      )
    }
    return after
  }
  throw stale(roomId, undefined)
}

function isSame(one: ConversationState, other: ConversationState): boolean {
  return jsonEqual(one.toJSON(), other.toJSON())
}

function stale(roomId: RoomId, version: number | undefined): ParleyError {
  return new ParleyError({
    code: 'version_conflict',
    message: `The state of room ${roomId} was changed meanwhile. Read it again with kit.state(roomId) and repeat the change.`,
    details: { roomId, ...(version === undefined ? {} : { version }) },
  })
}
