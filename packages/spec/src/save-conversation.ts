import type { ConversationState, ConversationStateJson } from './conversation-state.ts'
import type { Instant } from './json.ts'

/**
 * The state as a store keeps it: plain data, its version one above the replaced state's, and instants that were left
 * open stamped with the time of saving.
 */
export function saveConversation(
  next: ConversationStateJson | ConversationState,
  replacedVersion: number,
  now: Instant,
): ConversationStateJson {
  const json: ConversationStateJson = isInstance(next) ? next.toJSON() : next
  const history = json.phaseHistory
  const saved: ConversationStateJson = { ...json, version: replacedVersion + 1 }
  // A state that cannot be read is kept as it is: reading it says what is wrong.
  if (!Array.isArray(history) || !history.some((entry) => entry.timestamp === '')) return saved
  if (saved.phaseStartedAt === null && history.at(-1)?.timestamp === '') saved.phaseStartedAt = now
  saved.phaseHistory = history.map((entry) => (entry.timestamp === '' ? { ...entry, timestamp: now } : entry))
  return saved
}

function isInstance(state: ConversationStateJson | ConversationState): state is ConversationState {
  return typeof state.toJSON === 'function'
}
