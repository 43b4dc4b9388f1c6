import { toWireEvent } from '@parley/kit'
import type { ChannelId, Disposer, EphemeralEvent, EventQuery, RoomEvent, RoomId } from '@parley/spec'

const keptEvents = 256
const pageSize = 200

/** What tails need of the kit. */
export interface TailSource {
  events(roomId: RoomId, query?: EventQuery): Promise<RoomEvent[]>
  subscribe(roomId: RoomId, listener: (event: EphemeralEvent) => void): Disposer
}

/** One event as it goes out: written once for everybody who reads it. */
export interface WireEvent {
  readonly index: number
  readonly event: RoomEvent
  readonly json: string
}

/** A follower of one room's log: reads at its own pace, told when there is more. */
export interface Follower {
  /** Called when there may be something to read. Must return at once. */
  onMore(): void
  onEphemeral(event: EphemeralEvent): void
}

/** The end of one room's log as one kind of reader sees it. */
export interface RoomTail {
  /** The next events after an index, ascending; empty when there are none yet. */
  read(after: number): Promise<readonly WireEvent[]>
  leave(): void
}

/**
 * The ends of logs that somebody follows. Each (room, reader) is read once per change, whoever follows it; followers
 * pull, so a slow one costs no memory and misses nothing: what is not kept here any more is read from the log again.
 */
export interface RoomTails {
  /** Starts to follow. `reader` is the channel whose view it is; undefined sees everything. */
  follow(roomId: RoomId, reader: ChannelId | undefined, follower: Follower): RoomTail
  /** Says that a room's log may have grown. */
  nudge(roomId: RoomId): void
  /** Rooms that somebody follows. */
  readonly size: number
}

interface Tail {
  readonly followers: Set<Follower>
  /** The last events read, ascending: all this reader may see after `keptAfter` and up to `head`. */
  kept: WireEvent[]
  keptAfter: number
  head: number
  /** Whether somebody reached the end of the log, so that what comes is kept. */
  isStarted: boolean
  reading: Promise<void> | undefined
  isStale: boolean
}

/** Makes the tails of a server. Failed reads go to `onError`; followers are told again with the next change. */
export function createRoomTails(source: TailSource, onError: (error: unknown, roomId: RoomId) => void): RoomTails {
  const rooms = new Map<RoomId, { tails: Map<ChannelId | undefined, Tail>; unsubscribe: Disposer }>()

  const query = (reader: ChannelId | undefined, after: number): EventQuery => ({
    after,
    limit: pageSize,
    ...(reader === undefined ? {} : { asReader: reader }),
  })
  const load = async (roomId: RoomId, reader: ChannelId | undefined, after: number): Promise<WireEvent[]> => {
    const events = await source.events(roomId, query(reader, after))
    return events.map((event) => ({ index: event.index, event, json: JSON.stringify(toWireEvent(event)) }))
  }

  const refresh = (roomId: RoomId, reader: ChannelId | undefined, tail: Tail): void => {
    tail.isStale = true
    tail.reading ??= readOn(roomId, reader, tail).finally(() => {
      tail.reading = undefined
      if (tail.isStale && tail.followers.size > 0) refresh(roomId, reader, tail)
    })
  }
  const readOn = async (roomId: RoomId, reader: ChannelId | undefined, tail: Tail): Promise<void> => {
    tail.isStale = false
    try {
      for (;;) {
        const page = await load(roomId, reader, tail.head)
        const last = page.at(-1)
        if (last === undefined) return
        tail.kept.push(...page)
        tail.head = last.index
        const surplus = tail.kept.length - keptEvents
        if (surplus > 0) tail.keptAfter = tail.kept.splice(0, surplus).at(-1)?.index ?? tail.keptAfter
        for (const follower of tail.followers) follower.onMore()
      }
    } catch (error) {
      onError(error, roomId)
    }
  }

  return {
    get size() {
      return rooms.size
    },
    follow(roomId, reader, follower) {
      let room = rooms.get(roomId)
      if (room === undefined) {
        const tails = new Map<ChannelId | undefined, Tail>()
        const unsubscribe = source.subscribe(roomId, (event) => {
          for (const tail of tails.values()) for (const each of tail.followers) each.onEphemeral(event)
        })
        room = { tails, unsubscribe }
        rooms.set(roomId, room)
      }
      const { tails, unsubscribe } = room
      const tail: Tail = tails.get(reader) ?? {
        followers: new Set(),
        kept: [],
        keptAfter: -1,
        head: -1,
        isStarted: false,
        reading: undefined,
        isStale: false,
      }
      tails.set(reader, tail)
      tail.followers.add(follower)
      // A newcomer reads the log itself, where events may have been redacted since; later reads may take what was kept.
      let isLive = false
      return {
        async read(after) {
          if (isLive && after >= tail.keptAfter) return tail.kept.filter(({ index }) => index > after)
          const page = await load(roomId, reader, after)
          isLive = page.length === 0
          if (isLive && !tail.isStarted) {
            Object.assign(tail, { isStarted: true, keptAfter: after, head: after })
            refresh(roomId, reader, tail) // for what came between the read and now
          }
          return page
        },
        leave() {
          tail.followers.delete(follower)
          if (tail.followers.size === 0 && tails.get(reader) === tail) tails.delete(reader)
          if (tails.size > 0 || rooms.get(roomId)?.tails !== tails) return
          rooms.delete(roomId)
          unsubscribe()
        },
      }
    },
    nudge(roomId) {
      const room = rooms.get(roomId)
      if (room === undefined) return
      for (const [reader, tail] of room.tails) {
        if (tail.isStarted) refresh(roomId, reader, tail)
        else for (const follower of tail.followers) follower.onMore()
      }
    },
  }
}
