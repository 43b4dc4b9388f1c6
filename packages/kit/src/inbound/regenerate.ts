import { ParleyError, type ChannelId, type RoomEvent, type RoomId } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import { roomEnded, roomNotFound } from '../rooms/commit-to-log.ts'
import { existingRoom } from '../rooms/read-log.ts'
import { planDeliveries } from '../delivery/plan-deliveries.ts'

/**
 * Takes the last message of a person and has it answered anew by the agents that the present state asks for. The
 * former reply stays; the new one names it in `metadata.supersedes`.
 */
export async function regenerate(
  parts: KitParts,
  roomId: RoomId,
  { agentId }: { agentId?: ChannelId },
): Promise<{ event: RoomEvent; agentIds: ChannelId[] }> {
  await existingRoom(parts, roomId)
  const context = await parts.store.loadContext(roomId, { tail: parts.limits.recentEventsCeiling })
  if (context === null) throw roomNotFound(roomId)
  if (context.room.status === 'closed' || context.room.status === 'archived') throw roomEnded(context.room)
  const isQuestion = (event: RoomEvent): boolean =>
    event.type === 'message' && event.status === 'committed' && event.source.kind === 'person'
  const event = context.recentEvents.findLast(isQuestion)
  if (event === undefined) {
    throw new ParleyError({
      code: 'event_not_found',
      message: `Room ${roomId} has no message of a person to answer again. Send one first.`,
      details: { roomId },
    })
  }
  const replied = context.recentEvents.findLast(
    ({ causeId, source, type }) => causeId === event.id && source.kind === 'agent' && type === 'message',
  )
  const { routing: _formerly, ...unrouted } = event
  const plain = planDeliveries({ event: unrouted, bindings: context.bindings, room: context.room }).asked
  const decided = parts.orchestration.routes(context.room)
    ? await parts.orchestration.decideAnew(context.room, event)
    : plain
  const agentIds = agentId === undefined ? decided : [agentId]
  for (const asked of agentIds) {
    parts.turns.ask({
      roomId,
      agentId: asked,
      trigger: event,
      ...(replied === undefined ? {} : { supersedes: replied.id }),
    })
  }
  return { event, agentIds }
}
