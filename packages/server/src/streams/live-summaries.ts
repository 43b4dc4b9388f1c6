import { toWire, type Clock, type Disposer, type Json, type OrganizationId, type Room, type RoomId } from '@parley/spec'

/** Short looks at rooms that change, for walls of many rooms. */
export interface LiveSummaries {
  /** Says that a room changed. */
  changed(roomId: RoomId): void
  /** Gets summaries of an organization's rooms, as the wire has them. */
  follow(organizationId: OrganizationId | undefined, listener: (summary: Json) => void): Disposer
  close(): void
}

interface Follower {
  organizationId: OrganizationId | undefined
  listener: (summary: Json) => void
}

/** Makes summaries: rooms are read at most once per interval, and only while somebody looks. */
export function createLiveSummaries({
  getRoom,
  clock,
  intervalMs,
  onError,
}: {
  getRoom(roomId: RoomId): Promise<Room>
  clock: Clock
  intervalMs: number
  onError(error: unknown, roomId: RoomId): void
}): LiveSummaries {
  const followers = new Set<Follower>()
  const changed = new Set<RoomId>()
  let disarm: Disposer | undefined

  const tell = async (roomId: RoomId): Promise<void> => {
    try {
      const room = await getRoom(roomId)
      const summary = toWire(summaryOf(room))
      for (const { organizationId, listener } of followers)
        if (organizationId === room.organizationId) listener(summary)
    } catch (error) {
      onError(error, roomId)
    }
  }
  const flush = (): void => {
    disarm = undefined
    const rooms = [...changed]
    changed.clear()
    for (const roomId of rooms) void tell(roomId)
  }

  return {
    changed(roomId) {
      if (followers.size === 0) return
      changed.add(roomId)
      disarm ??= clock.setTimer(intervalMs, flush)
    },
    follow(organizationId, listener) {
      const follower = { organizationId, listener }
      followers.add(follower)
      return () => void followers.delete(follower)
    },
    close() {
      disarm?.()
      followers.clear()
      changed.clear()
    },
  }
}

function summaryOf({ id, status, latestIndex, lastActivityAt, conversation, metadata }: Room): object {
  return {
    roomId: id,
    status,
    latestIndex,
    lastActivityAt,
    phase: conversation?.phase,
    mode: conversation?.mode,
    activeAgentId: conversation?.activeAgentId,
    human: conversation?.human,
    metadata,
  }
}
