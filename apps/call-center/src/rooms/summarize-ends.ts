import type { CallSummaries } from '../workflows/call-summaries.ts'
import type { CallCenterRooms } from './call-center-rooms.ts'

/** Calls that end so may go on: the line was lost, or somebody moved the call. */
const unwanted: ReadonlySet<string> = new Set(['lost', 'error', 'moved', 'takenOver', 'shutdown'])

/**
 * Has a conversation summed up when its caller ends it, when its call ends, and when its room is closed. With a call that
 * was hung up the conversation is over, whether the caller's page is still there to say so or not.
 */
export function summarizeEnds(rooms: CallCenterRooms, summaries: CallSummaries): void {
  rooms.onConversationEnded((roomId) => void summaries.begin(roomId))
  rooms.observe('onRoomClosed', ({ room }) => summaries.begin(room.id))
  rooms.observe('onCallEnded', async ({ roomId, reason }) => {
    if (unwanted.has(reason)) return
    // What a closed room ended with is summed up as such, above.
    if ((await rooms.getRoom(roomId)).status === 'active') await rooms.endConversation(roomId)
  })
}
