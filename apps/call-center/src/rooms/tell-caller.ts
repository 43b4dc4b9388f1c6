import type { HarborServices } from '../tools/harbor-services.ts'
import type { CallSummaries } from '../workflows/call-summaries.ts'
import type { CallCenterRooms } from './call-center-rooms.ts'

/**
 * Leaves a message of the agent that was asked where the conversation has ended and no agent is in charge, so that who
 * comes back finds it; the summary is written anew. Elsewhere the agent in charge or the desk is told by the room.
 */
export function tellCaller(rooms: CallCenterRooms, summaries: CallSummaries): HarborServices['tellCaller'] {
  return async ({ room, agentId, callId }, words) => {
    const { status } = await room.room()
    const { mode, activeAgentId } = await room.state()
    if (mode !== 'agent' || activeAgentId !== null || status === 'closed' || status === 'archived') return
    await rooms.deliver(room.id, words, { as: agentId, idempotencyKey: `outcome:${room.id}:${callId}` })
    await summaries.begin(room.id)
  }
}
