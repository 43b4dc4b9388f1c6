import { ParleyError, type ChannelId, type Receipt, type Room, type RoomEvent } from '@parley/spec'
import { planDeliveries } from '../delivery/plan-deliveries.ts'
import type { KitParts } from './kit-parts.ts'

/** How many rooms are looked at in one go. */
const PAGE = 100

/**
 * Takes up what a stopped process left: undelivered events, turns that were asked and did not end, open requests,
 * handoffs that were recorded and not opened. Only stores that outlive their process have any.
 */
export async function recover(parts: KitParts): Promise<void> {
  if (parts.store.isProcessLocal) return
  // The host that just made the kit listens from now on.
  await Promise.resolve()
  if (parts.locks.isProcessLocal) {
    parts.framework.emit({
      type: 'warning',
      data: {
        what: 'kit_single_process',
        remedy: 'One process at a time may use this store. Give new Kit() shared locks to run several.',
      },
    })
  }
  // Turns are looked for before plans are run again, which ask for turns of their own.
  await recoverTurns(parts)
  await recoverDeliveries(parts)
  await parts.requests.recover()
  await parts.orchestration.recover()
}

async function recoverDeliveries(parts: KitParts): Promise<void> {
  const seen = new Set<string>()
  for (;;) {
    const rooms = (await parts.store.undelivered(PAGE)).filter(({ id }) => !seen.has(id))
    if (rooms.length === 0 || parts.closing.aborted) return
    for (const room of rooms) {
      seen.add(room.id)
      await parts.lanes.recover(room.id)
    }
  }
}

async function recoverTurns(parts: KitParts): Promise<void> {
  const activeSince = new Date(parts.clock.now() - parts.limits.recoverTurnsMs).toISOString()
  let after: string | undefined
  do {
    const page = await parts.store.findRooms({
      status: 'active',
      activeSince,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    })
    for (const room of page.items) await recoverTurnsOf(parts, room, activeSince)
    after = page.next
  } while (after !== undefined && !parts.closing.aborted)
}

/** Looks through the latest events of a room for triggers whose turn has no receipt. */
async function recoverTurnsOf(parts: KitParts, room: Room, activeSince: string): Promise<void> {
  const context = await parts.store.loadContext(room.id, { tail: parts.limits.recentEventsFloor })
  if (context === null) return
  // Undelivered events have their plans run again, turns included; turns of this process are looked up before the
  // receipts are read, so one that ends in between is in one of the two.
  const recent = context.recentEvents.filter(
    ({ createdAt, index }) => createdAt >= activeSince && index <= context.room.deliveredIndex,
  )
  const candidates = recent.map((event) => {
    const { asked } = planDeliveries({ event, bindings: context.bindings, room: context.room })
    return { event, asked: asked.filter((agentId) => !parts.turns.isAsked(event, agentId)) }
  })
  const receipts = (await parts.store.receipts.list({ roomId: room.id, kind: 'turn', limit: 1_000 })).items
  for (const { event, asked } of candidates) {
    const open = asked.filter((agentId) => !receipts.some((receipt) => covers(receipt, event, agentId)))
    const begun = open.filter((agentId) =>
      recent.some((other) => other.causeId === event.id && other.source.channelId === agentId),
    )
    for (const agentId of begun) await closeInterrupted(parts, event, agentId)
    const untouched = open.filter((agentId) => !begun.includes(agentId))
    if (untouched.length === 0) continue
    const agents = parts.orchestration.routes(context.room)
      ? await parts.orchestration.decideAnew(context.room, event)
      : untouched
    for (const agentId of agents) parts.turns.ask({ roomId: room.id, agentId, trigger: event })
  }
}

function covers({ data }: Receipt, event: RoomEvent, agentId: ChannelId): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false
  const { triggerIndexes, agentId: whose } = data
  return whose === agentId && Array.isArray(triggerIndexes) && triggerIndexes.includes(event.index)
}

/** Something of it was said or done already, so it is not run a second time. */
async function closeInterrupted(parts: KitParts, event: RoomEvent, agentId: ChannelId): Promise<void> {
  const turnId = parts.ids.next('turn')
  const data = {
    turnId,
    agentId,
    triggerIndexes: [event.index],
    end: 'interrupted',
    steps: 0,
    toolCalls: 0,
    usage: null,
    costNanoUsd: null,
    latency: {},
  }
  await parts.store.receipts.put([
    parts.receipt(event.roomId, 'turn', data, {
      turnId,
      eventIndex: event.index,
      actor: { kind: 'agent', id: agentId },
    }),
  ])
  const error = new ParleyError({
    code: 'model_stream_broken',
    message: `A turn of agent ${agentId} was interrupted by the end of the process. Ask the agent again if its answer is needed.`,
    details: { agentId, eventId: event.id },
  })
  parts.reportError(error, { stage: 'recovery', roomId: event.roomId, eventId: event.id })
}
