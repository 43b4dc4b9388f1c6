import type { Disposer, RoomId } from '@parley/spec'

/** What has joined each room, for as long as it stays. */
export interface JoinedByRoom<T> {
  join(roomId: RoomId, joining: T): Disposer
  of(roomId: RoomId): T[]
}

/** Makes a register of nothing; a room that all have left takes no place in it. */
export function createJoinedByRoom<T>(): JoinedByRoom<T> {
  const rooms = new Map<RoomId, Set<T>>()
  return {
    join(roomId, joining) {
      const joined = rooms.get(roomId) ?? new Set()
      rooms.set(roomId, joined.add(joining))
      return () => {
        joined.delete(joining)
        if (joined.size === 0 && rooms.get(roomId) === joined) rooms.delete(roomId)
      }
    },
    of: (roomId) => [...(rooms.get(roomId) ?? [])],
  }
}
