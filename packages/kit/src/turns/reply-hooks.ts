import type { RoomEvent, Visibility } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { HookScope } from '../hooks/hook-engine.ts'
import { getConversationState } from '../orchestration/state/room-state.ts'
import type { TurnRuntime } from './create-services.ts'

/** What a reply of the turn's agent is to hooks. */
export function replyScope({ request: { roomId, agentId } }: TurnRuntime): HookScope {
  return { roomId, channelId: agentId, channelType: 'agent', sourceKind: 'agent', eventType: 'message' }
}

/**
 * What the hooks of `beforeBroadcast` leave of text that is to be spoken before it is committed: empty if they block it.
 * They run once more when what was heard is committed.
 */
export async function passReplyHooks(
  parts: KitParts,
  turn: TurnRuntime,
  text: string,
  visibility: Visibility,
): Promise<string> {
  const { request, turnId } = turn
  const context = text.trim() === '' ? null : await parts.store.loadContext(request.roomId, { tail: 0 })
  if (context === null) return ''
  const { room, bindings, participants } = context
  const event: RoomEvent = {
    id: parts.ids.next('evt'),
    roomId: room.id,
    index: room.latestIndex + 1,
    type: 'message',
    status: 'committed',
    source: { kind: 'agent', channelId: request.agentId, channelType: 'agent', medium: 'text' },
    content: { type: 'text', text },
    visibility,
    addressedTo: null,
    turnId,
    chainDepth: request.trigger.chainDepth + 1,
    createdAt: parts.now(),
    metadata: {},
  }
  const payload = { event, room, bindings, participants, state: getConversationState(room) }
  const outcome = await parts.hooks.runSync('beforeBroadcast', payload, replyScope(turn))
  if (outcome.blocked !== undefined) return ''
  const { content } = outcome.payload.event
  return content.type === 'text' ? content.text : ''
}
