import type { Json, ChannelId, Room, RoomHandle, RoomId } from '@parley/spec'
import type { InRoomOptions, KitParts } from '../core/kit-parts.ts'
import type { KitOrchestration } from '../orchestration/kit-orchestration.ts'
import type { Orchestration } from '../orchestration/definitions/definition.ts'
import { checkCreateRoom, createRoom, type CreateRoomOptions } from '../rooms/create-room.ts'
import {
  archiveRoom,
  closeRoom,
  patchRoom,
  pauseRoom,
  reopenRoom,
  type LifecycleOptions,
  type RoomChanges,
} from '../rooms/lifecycle.ts'
import { existingRoom } from '../rooms/read-log.ts'
import type { Timers } from '../rooms/timers.ts'

/** Rooms of a kit: made, read, changed and ended. */
export interface RoomsApi {
  /**
   * Makes a room; an orchestration's agents are registered, attached and set to work in the same commit.
   * @throws {ParleyError} `invalid_options`, `channel_not_registered`, `room_exists`, `kit_closed`
   */
  createRoom(options?: CreateRoomOptions & { orchestration?: Orchestration | null }): Promise<Room>
  /** @throws {ParleyError} `room_not_found` */
  getRoom(roomId: RoomId, options?: InRoomOptions): Promise<Room>
  /** Closes a room: its turns are aborted, and its closing is the last line of its log. */
  closeRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room>
  /** @throws {ParleyError} `room_archived` */
  reopen(roomId: RoomId, options?: LifecycleOptions): Promise<Room>
  /** Pauses a room until its next event. */
  pauseRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room>
  /** Closes a room for good. */
  archiveRoom(roomId: RoomId, options?: LifecycleOptions): Promise<Room>
  /** Merges and unsets metadata, timers and policy in one step. */
  patchRoom(roomId: RoomId, changes: RoomChanges, options?: InRoomOptions): Promise<Room>
  /** Stores a reminder: it fires once, also after a restart. The same key replaces it. */
  schedule(
    roomId: RoomId,
    reminder: { at?: string; inMs?: number; key: string; payload?: Json; agentId?: ChannelId },
  ): Promise<void>
  /** A room as channels and tools see it. */
  room(roomId: RoomId): RoomHandle
}

/** What a kit does with rooms. */
export function createRoomsApi(parts: KitParts, orchestration: KitOrchestration, timers: Timers): RoomsApi {
  return {
    async createRoom({ orchestration: given, ...options } = {}) {
      checkCreateRoom(options)
      return createRoom(parts, options, orchestration.forNewRoom(given))
    },
    getRoom: async (roomId, { organizationId } = {}) => existingRoom(parts, roomId, organizationId),
    closeRoom: async (roomId, options) => closeRoom(parts, roomId, options),
    reopen: async (roomId, options) => reopenRoom(parts, roomId, options),
    pauseRoom: async (roomId, options) => pauseRoom(parts, roomId, options),
    archiveRoom: async (roomId, options) => archiveRoom(parts, roomId, options),
    async patchRoom(roomId, changes, options) {
      const room = await patchRoom(parts, roomId, changes, options)
      if (changes.timers !== undefined) timers.changed(room)
      return room
    },
    schedule: async (roomId, reminder) => timers.schedule(roomId, reminder),
    room: (roomId) => parts.handle(roomId),
  }
}
