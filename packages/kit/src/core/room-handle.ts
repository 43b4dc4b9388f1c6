import type { RoomHandle, RoomId } from '@parley/spec'
import type { Kit } from '../kit.ts'
import { roomNotFound } from '../rooms/commit-to-log.ts'

/** A room as channels, agents and tools see it. */
export function createRoomHandle(kit: Kit, roomId: RoomId): RoomHandle {
  return {
    id: roomId,
    async room() {
      const room = await kit.store.getRoom(roomId)
      if (room === null) throw roomNotFound(roomId)
      return room
    },
    send: (input) => kit.sendSystem(roomId, input),
    events: (query) => kit.events(roomId, query),
    state: () => kit.state(roomId),
    updateState: (change) => kit.updateState(roomId, change),
    publish: (event) => kit.publish(roomId, event),
    delegate: (agentId, task, options) => kit.delegate(roomId, agentId, task, options),
    handoff: (input, options) => kit.handoff(roomId, input, options),
  }
}
