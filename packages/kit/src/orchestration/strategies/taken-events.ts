import type { ChannelId, ConversationState, RoomEvent } from '@parley/spec'

/** Whether a strategy may work on an event before anybody is asked: a person's message, addressed to nobody in particular. */
export function isForStrategy(
  { type, source, content, visibility, addressedTo }: RoomEvent,
  { activeAgentId }: ConversationState,
  agentId: ChannelId,
): boolean {
  if (type !== 'message' && type !== 'dtmf') return false
  if (source.kind !== 'person' || addressedTo !== null) return false
  if (content.type === 'note' || content.type === 'system' || visibility === 'internal') return false
  return activeAgentId === null || activeAgentId === agentId
}
