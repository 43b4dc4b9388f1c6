import { ParleyError, type ChannelId, type RoomEvent, type RoomId, type TurnId } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { Steering } from '../core/turn-services.ts'
import type { HeldTrigger, RunningTurn, TurnHold, TurnRequest, Turns } from '../core/turns.ts'
import type { CascadeRun } from './cascades.ts'
import { runTurn, type TurnControl } from './run-turn.ts'

/** A turn that waits for its agent. */
interface Waiting {
  request: TurnRequest
  cascades: CascadeRun[]
}

interface AgentQueue {
  waiting: Waiting[]
  running: TurnControl | undefined
}

interface RoomTurns {
  agents: Map<ChannelId, AgentQueue>
  holds: number
  held: Waiting[]
  /** Triggers that wait for a greeting in preparation. */
  greeted: number
  waiters: (() => void)[]
}

/** How an agent wants triggers treated that come while it is at work. */
type WhileBusy = 'queue' | 'merge' | 'restart'

function whileBusyOf(parts: KitParts, agentId: ChannelId): WhileBusy {
  const channel = parts.registry.get(agentId)
  if (channel === undefined || !('whileBusy' in channel)) return 'queue'
  return channel.whileBusy === 'merge' || channel.whileBusy === 'restart' ? channel.whileBusy : 'queue'
}

/** The turns of a kit, with what only the kit itself may ask of them. */
export interface KitTurns extends Turns {
  isIdle(roomId: RoomId, except?: TurnId): boolean
  /** Resolves when no turn of any room runs or waits. */
  allEnded(): Promise<void>
  /** Aborts all turns and waits for their end. */
  drain(): Promise<void>
  readonly size: number
}

/** One turn at a time per agent and room, in the order of triggers; agents and rooms run beside each other. */
export function createTurns(parts: KitParts): KitTurns {
  const rooms = new Map<RoomId, RoomTurns>()
  const byTurn = new Map<TurnId, TurnControl>()

  const roomOf = (roomId: RoomId): RoomTurns => {
    let room = rooms.get(roomId)
    if (room === undefined) {
      room = { agents: new Map(), holds: 0, held: [], greeted: 0, waiters: [] }
      rooms.set(roomId, room)
    }
    return room
  }

  const tidy = (roomId: RoomId, room: RoomTurns): void => {
    for (const [agentId, queue] of room.agents) {
      if (queue.running === undefined && queue.waiting.length === 0) room.agents.delete(agentId)
    }
    if (room.agents.size === 0 && room.holds === 0 && room.held.length === 0 && room.greeted === 0) rooms.delete(roomId)
    for (const wake of room.waiters.splice(0)) wake()
  }

  const finish = (waiting: Waiting): void => {
    for (const cascade of waiting.cascades) cascade.end()
  }

  const next = (roomId: RoomId, room: RoomTurns, agentId: ChannelId): void => {
    const queue = room.agents.get(agentId)
    if (queue === undefined || queue.running !== undefined || room.holds > 0 || parts.closing.aborted) return
    const first = queue.waiting.shift()
    if (first === undefined) return tidy(roomId, room)
    const merged =
      whileBusyOf(parts, agentId) === 'merge' || first.request.opening !== undefined ? takeMessages(queue) : []
    const request = mergeRequests(
      first.request,
      merged.map(({ request }) => request),
    )
    const work: Waiting = { request, cascades: [first, ...merged].flatMap(({ cascades }) => cascades) }
    const control = runTurn(parts, request, work.cascades)
    queue.running = control
    byTurn.set(control.turnId, control)
    control.done.then(
      () => {
        byTurn.delete(control.turnId)
        queue.running = undefined
        finish(work)
        next(roomId, room, agentId)
        tidy(roomId, room)
      },
      (error: unknown) => parts.reportError(error, { stage: 'turn', roomId }),
    )
  }

  const enqueue = (room: RoomTurns, waiting: Waiting): void => {
    const { request } = waiting
    const queue = room.agents.get(request.agentId) ?? { waiting: [], running: undefined }
    room.agents.set(request.agentId, queue)
    if (request.first === true) queue.waiting.unshift(waiting)
    else if (queue.waiting.length >= parts.limits.turnQueue) mergeInto(queue, waiting)
    else queue.waiting.push(waiting)
    if (queue.running !== undefined && request.first !== true && whileBusyOf(parts, request.agentId) === 'restart') {
      restart(queue, queue.running)
    }
    next(request.roomId, room, request.agentId)
  }

  /** The running turn is aborted and its triggers are answered together with the new one. */
  const restart = (queue: AgentQueue, running: TurnControl): void => {
    const [first] = queue.waiting
    if (first === undefined) return
    first.request = {
      ...first.request,
      earlier: mergeEvents([...running.triggers, ...(first.request.earlier ?? [])], first.request.trigger),
    }
    running.end('aborted', 'restart')
  }

  const hold: Turns['hold'] = (roomId, { asking } = {}): TurnHold => {
    const room = roomOf(roomId)
    room.holds += 1
    for (const queue of room.agents.values()) room.held.push(...queue.waiting.splice(0))
    const thaws = [...room.agents.values()].flatMap(({ running }) =>
      running === undefined || running.turnId === asking ? [] : [running.freeze()],
    )
    let isReleased = false
    return {
      release() {
        if (isReleased) return []
        isReleased = true
        for (const thaw of thaws) thaw()
        room.holds -= 1
        const held = room.held.splice(0)
        // The caller asks anew before this function's caller returns to the loop, so cascades stay open until then.
        queueMicrotask(() => {
          for (const waiting of held) finish(waiting)
          for (const agentId of room.agents.keys()) next(roomId, room, agentId)
          tidy(roomId, room)
        })
        return held.flatMap(({ request }) => heldTriggers(request))
      },
    }
  }

  const isIdle = (roomId: RoomId, except?: TurnId): boolean => {
    const room = rooms.get(roomId)
    if (room === undefined) return true
    if (room.held.length > 0 || room.greeted > 0) return false
    for (const queue of room.agents.values()) {
      if (queue.running !== undefined && queue.running.turnId !== except) return false
      if (queue.waiting.length > 0 && queue.running?.turnId !== except) return false
    }
    return true
  }

  return {
    get size() {
      return rooms.size
    },
    ask(request) {
      if (parts.closing.aborted) return
      const room = roomOf(request.roomId)
      const cascade = parts.cascades.of(request.trigger)
      cascade?.begin()
      const waiting: Waiting = { request, cascades: cascade === undefined ? [] : [cascade] }
      if (room.holds > 0) {
        room.held.push(waiting)
        return
      }
      const greeting = parts.orchestration.greeting(request.roomId)
      if (greeting === undefined || request.opening !== undefined) return enqueue(room, waiting)
      room.greeted += 1
      const proceed = (): void => {
        room.greeted -= 1
        if (room.holds > 0) room.held.push(waiting)
        else enqueue(room, waiting)
      }
      greeting.then(proceed, (error: unknown) => {
        parts.reportError(error, { stage: 'greeting', roomId: request.roomId })
        proceed()
      })
    },
    hold,
    running(roomId, agentId) {
      const found: RunningTurn[] = []
      for (const [id, queue] of rooms.get(roomId)?.agents ?? []) {
        if (queue.running !== undefined && (agentId === undefined || id === agentId)) found.push(queue.running)
      }
      return found
    },
    isAsked(event, agentId) {
      const room = rooms.get(event.roomId)
      if (room === undefined) return false
      const queue = room.agents.get(agentId)
      if (queue?.running?.triggers.some(({ id }) => id === event.id) === true) return true
      const waiting = [...(queue?.waiting ?? []), ...room.held.filter(({ request }) => request.agentId === agentId)]
      return (
        room.greeted > 0 ||
        waiting.some(
          ({ request }) =>
            request.trigger.id === event.id || request.earlier?.some(({ id }) => id === event.id) === true,
        )
      )
    },
    async end(turnId, reason, cause) {
      const control = byTurn.get(turnId)
      if (control === undefined) return
      control.end(reason, cause)
      await control.done
    },
    async abort(roomId, { agentId, except, reason }) {
      const room = rooms.get(roomId)
      if (room === undefined) return
      const ending: Promise<void>[] = []
      for (const [id, queue] of room.agents) {
        if (agentId !== undefined && id !== agentId) continue
        for (const waiting of queue.waiting.splice(0)) finish(waiting)
        if (queue.running === undefined || queue.running.turnId === except) continue
        queue.running.end('aborted', reason)
        ending.push(queue.running.done)
      }
      if (agentId === undefined) for (const waiting of room.held.splice(0)) finish(waiting)
      await Promise.all(ending)
      tidy(roomId, room)
    },
    steer(turnId, steering: Steering) {
      const control = byTurn.get(turnId)
      if (control === undefined) {
        throw new ParleyError({
          code: 'turn_not_found',
          message: `There is no running turn ${turnId}. Steer a turn while it runs.`,
          details: { turnId },
        })
      }
      control.steer(steering)
    },
    async idle(roomId, except) {
      while (!isIdle(roomId, except)) {
        const room = rooms.get(roomId)
        if (room === undefined) return
        await new Promise<void>((resolve) => room.waiters.push(resolve))
      }
    },
    isIdle,
    async allEnded() {
      while (rooms.size > 0) await Promise.all([...rooms.keys()].map((roomId) => this.idle(roomId)))
    },
    async drain() {
      const running = [...byTurn.values()]
      for (const control of running) control.end('aborted', 'kit_closed')
      await Promise.all(running.map((control) => control.done))
      const waiters = [...rooms.values()].flatMap((room) => room.waiters.splice(0))
      rooms.clear()
      for (const wake of waiters) wake()
    },
  }
}

/** Messages that wait are answered by the turn that starts now; openings keep their own. */
function takeMessages(queue: AgentQueue): Waiting[] {
  const messages = queue.waiting.filter(({ request }) => request.opening === undefined)
  queue.waiting = queue.waiting.filter(({ request }) => request.opening !== undefined)
  return messages
}

function mergeInto(queue: AgentQueue, waiting: Waiting): void {
  const last = queue.waiting.at(-1)
  if (last === undefined) {
    queue.waiting.push(waiting)
    return
  }
  last.request = mergeRequests(last.request, [waiting.request])
  last.cascades.push(...waiting.cascades)
}

function mergeRequests(first: TurnRequest, others: TurnRequest[]): TurnRequest {
  if (others.length === 0) return first
  const all = [first, ...others].flatMap(({ earlier = [], trigger }) => [...earlier, trigger])
  const ordered = all.toSorted((one, other) => one.index - other.index)
  const trigger = ordered.at(-1) ?? first.trigger
  return { ...first, trigger, earlier: mergeEvents(ordered, trigger) }
}

function mergeEvents(events: readonly RoomEvent[], trigger: RoomEvent): RoomEvent[] {
  const seen = new Set([trigger.id])
  return events.filter((event) => !seen.has(event.id) && seen.add(event.id) !== undefined)
}

function heldTriggers(request: TurnRequest): HeldTrigger[] {
  const { agentId, trigger, opening, earlier = [] } = request
  return [
    ...earlier.map((event) => ({ trigger: event, agentId })),
    { trigger, agentId, ...(opening === undefined ? {} : { opening }) },
  ]
}
