import type { Clock, ConversationStore, Disposer, Reminder, Room, RoomId } from '@parley/spec'
import { dueTransitions, nextDueMs, type Transition } from './due-transitions.ts'

/** What the scheduler stands on. */
export interface TimerServiceOptions {
  clock: Clock
  store: Pick<ConversationStore, 'dueRooms' | 'reminders' | 'isProcessLocal'>
  /** Moves a room on, by lock and log; `due` is asked again on the room as it is then. */
  transition(roomId: RoomId, due: (room: Room) => Transition[]): Promise<void>
  /** Fires a reminder once, whoever else tries, and removes it. */
  fireReminder(reminder: Reminder): Promise<void>
  /** Whether something keeps the room active all the same, such as a call. */
  isHeld?: (roomId: RoomId) => boolean
  reportError(thrown: unknown, roomId?: RoomId): void
}

/** One scheduler for all rooms of a kit. */
export interface TimerService {
  /** A room's timers or status changed, or a reminder was stored: it may be due sooner than known. */
  noteDue(atMs: number | undefined): void
  changed(room: Room): void
  /** Takes up what is due, and finds out when something is again. */
  start(): void
  /** Resolves when the round that is going on has ended. */
  close(): Promise<void>
}

/** Rooms and reminders are read in pages of this many. */
const PAGE = 100
/** Rooms of a page that are moved on at a time. */
const AT_ONCE = 8
/** How long the store is left alone while something is known to come. */
const LOOK_MS = 60_000
/** How often rooms of other processes are looked for. */
const SHARED_LOOK_MS = 30_000
const FAR = '9999-12-31T23:59:59.999Z'

/** Makes a scheduler that has not started. It keeps one timer, and none while nothing is due at any time. */
export function createTimerService(options: TimerServiceOptions): TimerService {
  const { clock, store, reportError } = options
  let timer: Disposer | undefined
  let armedForMs = Infinity
  let round: Promise<void> | undefined
  let isRoundWanted = false
  let isClosed = false

  const disarm = (): void => {
    timer?.()
    timer = undefined
    armedForMs = Infinity
  }

  const arm = (atMs: number): void => {
    if (isClosed || atMs >= armedForMs) return
    disarm()
    armedForMs = atMs
    timer = clock.setTimer(Math.max(0, atMs - clock.now()), () => {
      disarm()
      run()
    })
  }

  const run = (): void => {
    isRoundWanted = true
    round ??= rounds().finally(() => {
      round = undefined
    })
  }

  const rounds = async (): Promise<void> => {
    while (isRoundWanted && !isClosed) {
      isRoundWanted = false
      try {
        await moveRooms()
        await fireReminders()
        arm(await nextLookMs())
      } catch (thrown) {
        reportError(thrown)
        arm(clock.now() + SHARED_LOOK_MS)
      }
    }
  }

  /** All rooms that are due, however many; those that could not be moved are left for the next look. */
  const moveRooms = async (): Promise<void> => {
    const seen = new Set<RoomId>()
    const left = new Set<RoomId>()
    const nowMs = clock.now()
    for (;;) {
      const page = await store.dueRooms(instant(nowMs), PAGE + left.size)
      const rooms = page.filter(({ id }) => !seen.has(id))
      if (rooms.length === 0 || isClosed) return
      for (let start = 0; start < rooms.length; start += AT_ONCE) {
        await Promise.all(rooms.slice(start, start + AT_ONCE).map((room) => moveRoom(room, left)))
      }
      // What was moved is not due any more; a room that still is must not keep the loop going.
      for (const { id } of rooms) seen.add(id)
    }
  }

  const moveRoom = async ({ id }: Room, left: Set<RoomId>): Promise<void> => {
    if (options.isHeld?.(id) === true) {
      left.add(id)
      return
    }
    try {
      await options.transition(id, (room) => dueTransitions(room, clock.now()))
    } catch (thrown) {
      left.add(id)
      reportError(thrown, id)
    }
  }

  const fireReminders = async (): Promise<void> => {
    const failed = new Set<string>()
    for (let after: string | undefined; ;) {
      const page = await store.reminders.list({
        dueBefore: instant(clock.now()),
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      })
      for (const reminder of page.items.toSorted(byInstant)) {
        const key = `${reminder.roomId}\0${reminder.key}`
        if (failed.has(key) || isClosed) continue
        try {
          await options.fireReminder(reminder)
        } catch (thrown) {
          failed.add(key)
          reportError(thrown, reminder.roomId)
        }
      }
      if (page.next === undefined || isClosed) return
      after = page.next
    }
  }

  /** When to look again; never, if nothing can become due without this process knowing. */
  const nextLookMs = async (): Promise<number> => {
    const nowMs = clock.now()
    const candidates: number[] = []
    const [room] = await store.dueRooms(FAR, 1)
    if (room !== undefined) candidates.push(soonest(nextDueMs(room), nowMs))
    const [anyReminder] = (await store.reminders.list({ limit: 1 })).items
    if (anyReminder !== undefined) {
      candidates.push(nowMs + LOOK_MS)
      const soon = await store.reminders.list({ dueBefore: instant(nowMs + LOOK_MS), limit: 1_000 })
      for (const { at } of soon.items) candidates.push(soonest(Date.parse(at), nowMs))
    }
    if (!store.isProcessLocal) candidates.push(nowMs + SHARED_LOOK_MS)
    return Math.min(Infinity, ...candidates)
  }

  /** Overdue after a round means it could not be done: that is tried again with the next look, not at once. */
  const soonest = (dueMs: number | undefined, nowMs: number): number => {
    if (dueMs === undefined || dueMs <= nowMs) return nowMs + LOOK_MS
    return Math.min(dueMs, nowMs + LOOK_MS)
  }

  return {
    noteDue(atMs) {
      if (atMs !== undefined) arm(Math.max(atMs, clock.now()))
    },
    changed(room) {
      const dueMs = nextDueMs(room)
      if (dueMs !== undefined) arm(Math.max(dueMs, clock.now()))
    },
    start: run,
    async close() {
      isClosed = true
      disarm()
      await round
    },
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}

function byInstant(one: Reminder, other: Reminder): number {
  return one.at < other.at ? -1 : one.at > other.at ? 1 : 0
}
