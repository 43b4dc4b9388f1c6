import type { Clock, Disposer } from '@parley/spec'
import type { CallCenterRooms } from './call-center-rooms.ts'

const words = 'Sorry, we were interrupted for a moment. If I did not answer, please say that again.'
/** Time for what was recovered to speak for itself, in ms. */
const patienceMs = 1_000

/**
 * After a restart, lets the agent in charge say so where its answer was cut off by the end of the former process and
 * nothing else of it goes on: a caller is never left in silence.
 */
export function tellInterrupted(rooms: CallCenterRooms, clock: Clock): Disposer {
  return rooms.observe('onError', async ({ error, stage, roomId, eventId = '' }, { signal }) => {
    if (stage !== 'recovery' || error.code !== 'model_stream_broken' || roomId === undefined) return
    const since = new Date(clock.now()).toISOString()
    await rooms.ready()
    await clock.sleep(patienceMs, { signal })
    const { activeAgentId, mode } = await rooms.state(roomId)
    if (mode !== 'agent' || activeAgentId === null) return
    const { latestIndex } = await rooms.getRoom(roomId)
    const recent = await rooms.events(roomId, { after: latestIndex - 50 })
    const goesOn = recent.some(
      ({ type, source, createdAt }) => type === 'message' && source.kind === 'agent' && createdAt >= since,
    )
    if (goesOn) return
    await rooms.deliver(roomId, words, { as: activeAgentId, idempotencyKey: `interrupted:${eventId}` })
  })
}
