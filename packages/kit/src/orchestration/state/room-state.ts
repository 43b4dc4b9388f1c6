import { ConversationState } from '@parley/spec'
import type { ConversationStateJson, Room } from '@parley/spec'

const unset = new ConversationState()
/** Stored states are immutable, so each is parsed once. */
const parsed = new WeakMap<ConversationStateJson, ConversationState>()

/**
 * The typed state of a room; the default state if it has none.
 * @throws {ParleyError} `state_invalid` when the stored state cannot be read
 */
export function getConversationState(room: Pick<Room, 'conversation'>): ConversationState {
  const { conversation } = room
  if (conversation === undefined) return unset
  let state = parsed.get(conversation)
  if (state === undefined) {
    state = ConversationState.parse(conversation)
    parsed.set(conversation, state)
  }
  return state
}

/** A copy of the room with another state. Save it with `kit.store.updateRoom(room)`. */
export function setConversationState(room: Room, state: ConversationState): Room {
  return { ...room, conversation: state.toJSON() }
}
