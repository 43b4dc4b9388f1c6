import type { CallSummaries } from '../workflows/call-summaries.ts'
import type { CallCenterRooms } from './call-center-rooms.ts'

/** Calls that end so may go on: the line was lost, or somebody moved the call. */
const unwanted: ReadonlySet<string> = new Set(['lost', 'error', 'takenOver', 'shutdown'])

/** Has a conversation summed up when its caller ends it, when its call ends, and when its room is closed. */
export function summarizeEnds(rooms: CallCenterRooms, summaries: CallSummaries): void {
  rooms.onConversationEnded((roomId) => void summaries.begin(roomId))
  rooms.observe('onRoomClosed', ({ room }) => summaries.begin(room.id))
  rooms.observe('onCallEnded', async ({ roomId, reason }) => {
    if (!unwanted.has(reason)) await summaries.begin(roomId)
  })
}
