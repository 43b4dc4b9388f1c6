import type { ChannelBinding, ChannelId, Room, RoomEvent } from '@parley/spec'
import { canRead } from '../rooms/can-read-write.ts'
import { canSee } from '../rooms/can-see.ts'

/** What a plan is made from; nothing else is looked at. */
export interface PlanInput {
  event: RoomEvent
  /** Bindings of the room when the event was committed. */
  bindings: readonly ChannelBinding[]
  room: Pick<Room, 'agentResponsePolicy'>
  /** Set for an event that a hook injected: the bindings it is delivered to. It asks nobody. */
  injectedTo?: readonly ChannelId[] | undefined
}

/** Who gets an event, and who is asked about it. */
export interface DeliveryPlan {
  /** Transports that get a delivery, in order of the bindings. */
  deliveries: ChannelBinding[]
  /** Agents that get a turn. */
  asked: ChannelId[]
  /** Addressed ids that are not bound here: ignored, with a receipt. */
  unbound: ChannelId[]
}

const nobody: ChannelId[] = []

/**
 * Plans one event of the log. Pure: the same event and bindings give the same plan, so a plan that was lost with its
 * process is computed again from the log.
 */
export function planDeliveries({ event, bindings, room, injectedTo }: PlanInput): DeliveryPlan {
  if (event.status === 'blocked') return { deliveries: [], asked: nobody, unbound: nobody }
  const deliveries: ChannelBinding[] = []
  const agents: ChannelId[] = []
  for (const binding of bindings) {
    if (!isTarget(event, binding)) continue
    if (injectedTo !== undefined && !injectedTo.includes(binding.channelId)) continue
    if (binding.category === 'intelligence') agents.push(binding.channelId)
    else if (!binding.outputMuted) deliveries.push(binding)
  }
  const asked = injectedTo === undefined ? whoIsAsked(event, agents, room) : nobody
  return { deliveries, asked, unbound: unboundAddresses(event, bindings) }
}

function isTarget(event: RoomEvent, binding: ChannelBinding): boolean {
  const isSource = binding.channelId === event.source.channelId
  if (isSource && (binding.category === 'intelligence' || binding.capabilities.echo !== true)) return false
  return canRead(binding) && canSee(event, binding)
}

/** The first rule that applies decides; `agents` are the ones that can read and see the event. */
function whoIsAsked(event: RoomEvent, agents: ChannelId[], room: PlanInput['room']): ChannelId[] {
  if (agents.length === 0 || !asksAnybody(event)) return nobody
  const { routing, addressedTo, source } = event
  if (routing !== undefined) {
    if (routing.reason === 'unrouted' && routing.targets === undefined) return agents
    const chosen = new Set([...(routing.targets ?? [routing.target]), ...routing.observers])
    return agents.filter((agentId) => chosen.has(agentId))
  }
  if (addressedTo !== null) return agents.filter((agentId) => addressedTo.includes(agentId))
  if (source.kind === 'agent' && room.agentResponsePolicy === 'addressedOnly') return nobody
  return agents
}

function asksAnybody({ type, content, visibility, source, addressedTo, routing }: RoomEvent): boolean {
  if (type !== 'message' && type !== 'dtmf') return false
  if (content.type === 'system' || content.type === 'note') return false
  if (visibility === 'internal') return false
  if (source.kind !== 'system') return true
  // The kit's own lines ask nobody, unless code named who should answer.
  return (addressedTo !== null && addressedTo.length > 0) || (routing?.targets?.length ?? 0) > 0
}

function unboundAddresses({ addressedTo }: RoomEvent, bindings: readonly ChannelBinding[]): ChannelId[] {
  if (addressedTo === null || addressedTo.length === 0) return nobody
  const missing = addressedTo.filter((channelId) => !bindings.some((binding) => binding.channelId === channelId))
  return missing.length === 0 ? nobody : missing
}
