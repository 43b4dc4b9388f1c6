import type { ConversationState, ConversationStateJson, Room } from '@parley/spec'

/**
 * A conversation as a participant may see it: who has it and since when. What agents and colleagues tell each other
 * (handoff notes, context, reasons, whispers) is not for the person it is about.
 */
export function stateForPerson(state: ConversationState | ConversationStateJson): ConversationStateJson {
  const { version, phase, mode, activeAgentId, previousAgentId, handoffCount, phaseStartedAt, language, human } = state
  return {
    version,
    phase,
    mode,
    activeAgentId,
    previousAgentId,
    handoffCount,
    phaseStartedAt,
    phaseHistory: [],
    context: {},
    ...(language === undefined ? {} : { language }),
    ...(human === undefined ? {} : { human: withoutCase(human) }),
  }
}

/** A room as a participant may see it. */
export function roomForPerson(room: Room): Room {
  return room.conversation === undefined ? room : { ...room, conversation: stateForPerson(room.conversation) }
}

function withoutCase({
  status,
  requestedAt,
  requestedBy,
  urgency,
  claimedBy,
  claimedAt,
  expiresAt,
}: NonNullable<ConversationStateJson['human']>): NonNullable<ConversationStateJson['human']> {
  return {
    status,
    requestedAt,
    requestedBy,
    urgency,
    reason: '',
    ...(claimedBy === undefined ? {} : { claimedBy }),
    ...(claimedAt === undefined ? {} : { claimedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
