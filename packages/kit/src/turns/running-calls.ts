import type { Disposer, RoomId } from '@parley/spec'

/** Calls of tools under way in one room. */
export interface RunningCalls {
  /** A call with this key runs from now on, until it is disposed of. */
  begin(key: string): Disposer
  isRunning(key: string): boolean
  /** A call goes on without its turn, until it is disposed of. */
  abandon(own: AbortController): Disposer
}

interface RoomCalls {
  keys: Map<string, number>
  abandoned: Set<AbortController>
}

const calls = new WeakMap<object, Map<RoomId, RoomCalls>>()

/** The calls of a room of a kit; nothing is kept of rooms without any. */
export function runningCallsOf(kit: object, roomId: RoomId): RunningCalls {
  const rooms = calls.get(kit) ?? new Map<RoomId, RoomCalls>()
  calls.set(kit, rooms)
  const change = (run: (room: RoomCalls) => void): void => {
    const room = rooms.get(roomId) ?? { keys: new Map(), abandoned: new Set() }
    run(room)
    if (room.keys.size === 0 && room.abandoned.size === 0) rooms.delete(roomId)
    else rooms.set(roomId, room)
  }
  return {
    begin(key) {
      change(({ keys }) => keys.set(key, (keys.get(key) ?? 0) + 1))
      return () =>
        change(({ keys }) => {
          const left = (keys.get(key) ?? 0) - 1
          if (left > 0) keys.set(key, left)
          else keys.delete(key)
        })
    },
    isRunning: (key) => rooms.get(roomId)?.keys.has(key) === true,
    abandon(own) {
      change(({ abandoned }) => abandoned.add(own))
      return () => change(({ abandoned }) => abandoned.delete(own))
    },
  }
}

/** Calls of a room that go on without their turn. */
export function abandonedCallsOf(kit: object, roomId: RoomId): readonly AbortController[] {
  return [...(calls.get(kit)?.get(roomId)?.abandoned ?? [])]
}
