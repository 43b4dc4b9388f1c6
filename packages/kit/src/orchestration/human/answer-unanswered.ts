import type { ChannelId, Json, RoomEvent, RoomId, RoutingDecision, RoutingReason } from '@parley/spec'
import { planDeliveries } from '../../delivery/plan-deliveries.ts'
import type { OrchestrationInternals, RoomReading } from '../orchestration-internals.ts'
import { getConversationState } from '../state/room-state.ts'

/** Entries of the log looked at for messages nobody answered. */
const LOOKED_AT = 200

/** Messages of people that asked nobody for this reason, since somebody was last asked; ascending. */
export async function unansweredMessages(
  { core }: OrchestrationInternals,
  roomId: RoomId,
  reason: RoutingReason,
): Promise<RoomEvent[]> {
  const entries = await core.store.tail(roomId, LOOKED_AT, { types: ['message', 'dtmf'], statuses: ['committed'] })
  const messages = entries.filter(({ source }) => source.kind === 'person')
  const answered = messages.findLastIndex(({ routing }) => routing?.reason !== reason)
  return messages.slice(answered + 1)
}

/** Routes the newest message nobody answered, once, by the present state; the others are in its context. */
export async function answerUnanswered(
  internals: OrchestrationInternals,
  roomId: RoomId,
  reason: RoutingReason,
): Promise<void> {
  const { core } = internals
  const trigger = (await unansweredMessages(internals, roomId, reason)).at(-1)
  const context = await core.store.loadContext(roomId, { tail: 0 })
  if (trigger === undefined || context === null) return
  await askAnew(internals, context, [trigger])
}

/**
 * Who is asked about an event by a new decision, or by the rule of plain rooms where no router has a say. Who may not
 * see it is not asked.
 */
export function askedUnder(
  { room, bindings }: Pick<RoomReading, 'room' | 'bindings'>,
  event: RoomEvent,
  decision: RoutingDecision | undefined,
): ChannelId[] {
  const { routing: _former, ...plain } = event
  return planDeliveries({ event: decision === undefined ? plain : { ...plain, routing: decision }, bindings, room })
    .asked
}

/** Asks about messages by the present state; each gets a `routing` receipt that supersedes its stamp. */
export async function askAnew(
  internals: OrchestrationInternals,
  context: Parameters<OrchestrationInternals['decide']>[0],
  triggers: readonly RoomEvent[],
): Promise<void> {
  const { core } = internals
  const { room } = context
  const state = getConversationState(room)
  const receipts = []
  for (const trigger of triggers) {
    const decision = internals.decide(context, trigger, state)
    for (const agentId of askedUnder(context, trigger, decision)) core.turns.ask({ roomId: room.id, agentId, trigger })
    if (decision !== undefined) {
      // A decision is plain data.
      const data = { ...decision, supersedes: true } as unknown as Json
      receipts.push(core.receipt(room.id, 'routing', data, { eventIndex: trigger.index }))
    }
  }
  if (receipts.length > 0) await core.store.receipts.put(receipts)
}
