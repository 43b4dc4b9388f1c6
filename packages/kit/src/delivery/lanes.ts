import type {
  ChannelBinding,
  ChannelId,
  DeliveryReport,
  Disposer,
  Participant,
  Room,
  RoomEvent,
  RoomId,
} from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { HookScope } from '../hooks/hook-engine.ts'
import type { CascadeRun } from '../turns/cascades.ts'
import { planDeliveries } from './plan-deliveries.ts'
import { createReceivers, type Receivers } from './receivers.ts'

/** What a commit left for the lane: the event, and the room as it was then. */
export interface LaneInput {
  room: Room
  bindings: readonly ChannelBinding[]
  participants: readonly Participant[]
}

/** One lane per room: starts plans strictly in index order and waits for no receiver. */
export interface Lanes {
  /** Takes a committed event; called under the room's lock, in index order. */
  push(event: RoomEvent, input: LaneInput, to?: readonly ChannelId[]): void
  /** Starts what was pushed; called without the lock. */
  start(roomId: RoomId): void
  /** Committed events of the room whose plans are not done. */
  depth(roomId: RoomId): number
  /** Resolves once the lane has room again. */
  hasRoom(roomId: RoomId): Promise<void>
  /** Resolves when every plan of the room is done. */
  idle(roomId: RoomId): Promise<void>
  /** Runs all lanes to the end. */
  drain(): Promise<void>
  /** Whether the log has entries before `firstIndex` whose plans a stopped process left undone. */
  hasHole(room: Room, firstIndex: number): boolean
  /** Puts the plans of such entries on the lane again; called under the room's lock. */
  fillHole(input: LaneInput, firstIndex: number): Promise<void>
  /** An event may have been committed without an answer: the log is looked at before the next one is put on the lane. */
  doubt(roomId: RoomId): void
  /** Takes up a room that a stopped process left with undelivered events. */
  recover(roomId: RoomId): Promise<void>
  /** Gives everything back; plans that are not done are run again from the log by the next process. */
  close(): void
  readonly receivers: Receivers
  readonly size: number
}

interface Entry {
  event: RoomEvent
  input: LaneInput
  to: readonly ChannelId[] | undefined
  isStarted: boolean
  open: number
  reports: DeliveryReport[]
  cascade: CascadeRun | undefined
}

interface Lane {
  entries: Entry[]
  /** Entries before this position have been started. */
  nextToStart: number
  /** How many pushed entries may start: the lock is free. */
  released: number
  /** The last index whose plan is done and stored as such. */
  cursor: number
  /** The last index whose plan is done; ahead of the cursor while the store cannot be told. */
  done: number
  /** The last index that was pushed. */
  last: number
  isAdvancing: boolean
  waiters: (() => void)[]
  idleSinceMs: number
}

/** Makes the lanes of a kit. */
export function createLanes(parts: KitParts): Lanes {
  const lanes = new Map<RoomId, Lane>()
  const idle = new Set<RoomId>()
  const doubted = new Set<RoomId>()
  let sweeping: Disposer | undefined
  parts.onClose(() => sweeping?.())
  const receivers = createReceivers(parts)

  const laneOf = (room: Room, firstIndex: number): Lane => {
    let lane = lanes.get(room.id)
    if (lane === undefined) {
      lane = {
        entries: [],
        nextToStart: 0,
        released: 0,
        cursor: firstIndex - 1,
        done: firstIndex - 1,
        last: firstIndex - 1,
        isAdvancing: false,
        waiters: [],
        idleSinceMs: 0,
      }
      lanes.set(room.id, lane)
    }
    idle.delete(room.id)
    return lane
  }

  /** A lane stays for a while, for its cursor is known sooner than the store's; one timer looks after all of them. */
  const rest = (roomId: RoomId, lane: Lane): void => {
    if (parts.closing.aborted) return void lanes.delete(roomId)
    lane.idleSinceMs = parts.clock.monotonicMs()
    idle.add(roomId)
    sweeping ??= parts.clock.setTimer(parts.limits.laneIdleMs, sweep)
  }
  const sweep = (): void => {
    sweeping = undefined
    const nowMs = parts.clock.monotonicMs()
    for (const roomId of idle) {
      const lane = lanes.get(roomId)
      if (lane !== undefined && nowMs - lane.idleSinceMs < parts.limits.laneIdleMs) continue
      if (lane !== undefined && lane.cursor < lane.done) {
        // It knows what the store does not: without it these plans would be run again.
        advance(roomId, lane)
        continue
      }
      idle.delete(roomId)
      lanes.delete(roomId)
    }
    if (idle.size > 0) sweeping = parts.clock.setTimer(parts.limits.laneIdleMs, sweep)
  }

  const startEntry = (roomId: RoomId, lane: Lane, entry: Entry): void => {
    const { event, input } = entry
    entry.isStarted = true
    const plan = planDeliveries({
      event,
      bindings: input.bindings,
      room: input.room,
      injectedTo: entry.to,
    })
    entry.open = plan.deliveries.length + 1
    const finish = (report?: DeliveryReport): void => {
      if (report !== undefined) {
        entry.reports.push(report)
        if (entry.cascade?.rootId === entry.event.id) entry.cascade.deliveries.push(report)
      }
      entry.open -= 1
      if (entry.open === 0) finished(roomId, lane, entry)
    }
    if (plan.unbound.length > 0) noteUnbound(parts, event, plan.unbound)
    for (const binding of plan.deliveries) receivers.deliver(event, binding, input.room, finish)
    for (const agentId of plan.asked) askAgent(event, agentId, input)
    handOver(event, input, entry.cascade)
    finish()
  }

  const askAgent = (event: RoomEvent, agentId: ChannelId, input: LaneInput): void => {
    parts.turns.ask({ roomId: input.room.id, agentId, trigger: event })
  }

  /** What a strategy does about an event is part of what the event caused. */
  const handOver = (event: RoomEvent, { room }: LaneInput, cascade: CascadeRun | undefined): void => {
    const work = event.routing === undefined ? undefined : parts.orchestration.handles?.(room, event)
    if (work === undefined) return
    cascade?.begin()
    parts.background('strategy', (signal) => work(signal).finally(() => cascade?.end()), { roomId: room.id })
  }

  const finished = (roomId: RoomId, lane: Lane, entry: Entry): void => {
    afterPlan(parts, entry.event, entry.reports, entry.input.room)
    entry.cascade?.end()
    advance(roomId, lane)
    for (const wake of lane.waiters.splice(0)) wake()
  }

  /** Moves the cursor over the leading entries whose plans are done; one store call at a time. */
  const advance = (roomId: RoomId, lane: Lane): void => {
    if (lane.isAdvancing) return
    let done = 0
    while (done < lane.entries.length && lane.entries[done]?.isStarted === true && lane.entries[done]?.open === 0)
      done++
    lane.done = lane.entries[done - 1]?.event.index ?? lane.done
    if (lane.done === lane.cursor) return
    const to = lane.done
    lane.isAdvancing = true
    storeCursor(parts, roomId, lane.cursor, to)
      .catch((error: unknown) => {
        // The plans are done; the store is told again with the next event, or when the lane rests.
        parts.reportError(error, { stage: 'lane', roomId })
        return lane.cursor
      })
      .then((cursor) => {
        lane.cursor = cursor
        lane.entries.splice(0, done)
        lane.nextToStart -= done
        lane.released -= done
        lane.isAdvancing = false
        const head = lane.entries[0]
        if (head === undefined) rest(roomId, lane)
        else if (head.isStarted && head.open === 0) advance(roomId, lane)
        for (const wake of lane.waiters.splice(0)) wake()
      }, unreachable)
  }

  const api: Lanes = {
    receivers,
    get size() {
      return lanes.size
    },
    push(event, input, to) {
      const lane = laneOf(input.room, event.index)
      lane.last = event.index
      const { room, bindings, participants } = input
      const cascade = parts.cascades.of(event)
      cascade?.begin()
      lane.entries.push({
        event,
        input: { room, bindings, participants },
        to,
        isStarted: false,
        open: 0,
        reports: [],
        cascade,
      })
    },
    start(roomId) {
      const lane = lanes.get(roomId)
      if (lane === undefined) return
      lane.released = lane.entries.length
      while (lane.nextToStart < lane.released) {
        const entry = lane.entries[lane.nextToStart]
        lane.nextToStart += 1
        if (entry !== undefined) startEntry(roomId, lane, entry)
      }
    },
    depth: (roomId) => lanes.get(roomId)?.entries.length ?? 0,
    async hasRoom(roomId) {
      for (;;) {
        const lane = lanes.get(roomId)
        if (lane === undefined || lane.entries.length < parts.limits.laneDepth) return
        await new Promise<void>((resolve) => lane.waiters.push(resolve))
      }
    },
    async idle(roomId) {
      for (;;) {
        const lane = lanes.get(roomId)
        if (lane === undefined || lane.entries.length === 0) return
        await new Promise<void>((resolve) => lane.waiters.push(resolve))
      }
    },
    async drain() {
      while (lanes.size > idle.size) await Promise.all([...lanes.keys()].map((roomId) => api.idle(roomId)))
      for (const [roomId, lane] of lanes)
        if (lane.cursor < lane.done) lane.cursor = await storeCursor(parts, roomId, lane.cursor, lane.done)
    },
    hasHole(room, firstIndex) {
      const lane = lanes.get(room.id)
      if (lane === undefined) return room.deliveredIndex < firstIndex - 1
      return doubted.has(room.id) && lane.last < firstIndex - 1
    },
    doubt: (roomId) => void doubted.add(roomId),
    async fillHole(input, firstIndex) {
      let after = lanes.get(input.room.id)?.last ?? input.room.deliveredIndex
      doubted.delete(input.room.id)
      while (after < firstIndex - 1) {
        const page = await parts.store.events(input.room.id, { after, before: firstIndex, limit: 1_000, raw: true })
        const last = page.at(-1)
        if (last === undefined) return
        for (const event of page) api.push(event, input)
        after = last.index
      }
    },
    async recover(roomId) {
      await parts.inRoom(roomId, async (locked) => {
        const firstFree = locked.room.latestIndex + 1
        if (api.hasHole(locked.room, firstFree)) await api.fillHole(locked, firstFree)
      })
      api.start(roomId)
    },
    close() {
      const open = [...lanes.values()]
      lanes.clear()
      idle.clear()
      for (const lane of open) for (const wake of lane.waiters.splice(0)) wake()
    },
  }
  return api
}

/** Gives the cursor as it is stored then: another hand may have moved it, or an answer was lost. */
async function storeCursor({ store }: KitParts, roomId: RoomId, from: number, to: number): Promise<number> {
  if (await store.advanceDelivered(roomId, from, to)) return to
  const stored = (await store.getRoom(roomId))?.deliveredIndex ?? to
  if (stored >= to) return to
  return stored > from && (await store.advanceDelivered(roomId, stored, to)) ? to : from
}

function unreachable(): never {
  throw new TypeError('a caught promise cannot reject')
}

/** What follows a plan, in order: observers of mutations, the report, side effects, `afterBroadcast`, `eventProcessed`. */
function afterPlan(parts: KitParts, event: RoomEvent, deliveries: DeliveryReport[], room: Room): void {
  const { channelId, channelType, kind: sourceKind } = event.source
  const scope: HookScope = { roomId: room.id, channelId, channelType, sourceKind, eventType: event.type }
  const trigger =
    event.content.type === 'edit' ? 'onEventUpdated' : event.content.type === 'delete' ? 'onEventDeleted' : undefined
  if (trigger === undefined || !parts.hooks.has(trigger, scope))
    return announcePlan(parts, event, deliveries, room, scope)
  parts.background(
    trigger,
    async () => {
      await fireMutation(parts, trigger, event, scope)
      announcePlan(parts, event, deliveries, room, scope)
    },
    { roomId: room.id, eventId: event.id },
  )
}

function announcePlan(
  parts: KitParts,
  event: RoomEvent,
  deliveries: DeliveryReport[],
  room: Room,
  scope: HookScope,
): void {
  const failed = deliveries.filter((report) => report.status === 'failed')
  if (failed.length > 0 && failed.length < deliveries.length && parts.framework.has('broadcastPartialFailure')) {
    parts.framework.emit({
      type: 'broadcastPartialFailure',
      roomId: room.id,
      eventId: event.id,
      data: { failed: failed.map((report) => report.channelId) },
    })
  }
  if (parts.hooks.has('afterBroadcast', scope)) parts.hooks.fire('afterBroadcast', { event, deliveries }, scope)
  if (parts.framework.has('eventProcessed')) {
    parts.framework.emit({ type: 'eventProcessed', roomId: room.id, eventId: event.id, data: { index: event.index } })
  }
}

/** Addressed ids that are not bound here are ignored; the receipt says so. */
function noteUnbound(parts: KitParts, event: RoomEvent, unbound: readonly ChannelId[]): void {
  parts.background('receipt', async () => {
    const data = { skipped: unbound.map((agentId) => ({ agentId, why: 'not_bound' })), eventId: event.id }
    await parts.store.receipts.put([parts.receipt(event.roomId, 'routing', data, { eventIndex: event.index })])
  })
}

async function fireMutation(
  parts: KitParts,
  trigger: 'onEventUpdated' | 'onEventDeleted',
  event: RoomEvent,
  scope: HookScope,
): Promise<void> {
  const { content } = event
  if (content.type !== 'edit' && content.type !== 'delete') return
  const target = await parts.store.getEvent(event.roomId, content.targetEventId)
  if (target !== null) parts.hooks.fire(trigger, { event, target }, scope)
}
