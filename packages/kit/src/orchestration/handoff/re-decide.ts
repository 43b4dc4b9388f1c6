import type { ChannelId, RoomEvent, RoutingDecision } from '@parley/spec'
import type { HeldTrigger } from '../../core/turns.ts'

/** A message that waited, with whom to ask about it now. */
export interface AskedAnew {
  trigger: RoomEvent
  asked: ChannelId[]
  /** Absent where a plain room's own rule holds: the same agents are asked. */
  decision: RoutingDecision | undefined
}

/**
 * Decides anew about messages that waited, in index order. Who was asked already is not asked again, so none is lost
 * and none is answered twice.
 */
export function whoIsAskedAnew(
  held: readonly HeldTrigger[],
  decide: (trigger: RoomEvent) => RoutingDecision | undefined,
): AskedAnew[] {
  const waiting = new Map<string, { trigger: RoomEvent; agentIds: ChannelId[] }>()
  for (const { trigger, agentId } of held) {
    const known = waiting.get(trigger.id)
    if (known === undefined) waiting.set(trigger.id, { trigger, agentIds: [agentId] })
    else if (!known.agentIds.includes(agentId)) known.agentIds.push(agentId)
  }
  return [...waiting.values()]
    .toSorted((one, other) => one.trigger.index - other.trigger.index)
    .map(({ trigger, agentIds }) => {
      const decision = decide(trigger)
      if (decision === undefined) return { trigger, asked: agentIds, decision }
      const started = askedBy(trigger.routing).filter((agentId) => !agentIds.includes(agentId))
      const wanted = decision.reason === 'unrouted' && decision.targets === undefined ? agentIds : askedBy(decision)
      return { trigger, asked: wanted.filter((agentId) => !started.includes(agentId)), decision }
    })
}

/** Everyone a decision asks. */
export function askedBy(decision: RoutingDecision | undefined): ChannelId[] {
  if (decision === undefined) return []
  const { target, targets = target === null ? [] : [target], observers } = decision
  return [...new Set([...targets, ...observers])]
}
