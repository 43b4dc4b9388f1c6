import type { RoomHandle, RoomId } from '@parley/spec'
import type { KitApi } from '../api/kit-api.ts'

/** A room as channels, agents and tools see it. */
export function createRoomHandle(kit: KitApi, roomId: RoomId): RoomHandle {
  return {
    id: roomId,
    room: () => kit.getRoom(roomId),
    send: (input) => kit.sendSystem(roomId, input),
    events: (query) => kit.events(roomId, query),
    state: () => kit.state(roomId),
    updateState: (change) => kit.updateState(roomId, change),
    publish: (event) => kit.publish(roomId, event),
    delegate: (agentId, task, options) => kit.delegate(roomId, agentId, task, options),
    handoff: (input, options) => kit.handoff(roomId, input, options),
  }
}
