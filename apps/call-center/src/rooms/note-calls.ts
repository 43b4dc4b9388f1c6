import type { CallCenterRooms } from './call-center-rooms.ts'

/**
 * Notes in a room's metadata that a call began and how it ended, so that a list of rooms can say so without reading logs,
 * after a restart too: `call: { callId }`, then `call: { callId, endedAt, reason }`.
 */
export function noteCalls(rooms: CallCenterRooms, now: () => string): void {
  rooms.observe('onCallStarted', async ({ roomId, callId }) => {
    await rooms.patchRoom(roomId, { metadata: { set: { call: { callId } } } })
  })
  rooms.observe('onCallEnded', async ({ roomId, callId, reason }) => {
    const { metadata, status } = await rooms.getRoom(roomId)
    // The call of another tab may have begun in the meantime; a room that is closed keeps what it has.
    if (noted(metadata['call']) !== callId || status === 'closed' || status === 'archived') return
    await rooms.patchRoom(roomId, { metadata: { set: { call: { callId, endedAt: now(), reason } } } })
  })
}

function noted(call: unknown): unknown {
  return typeof call === 'object' && call !== null && 'callId' in call ? call.callId : undefined
}
