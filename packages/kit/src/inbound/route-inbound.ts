import type { InboundMessage, OrganizationId, ParticipantId, Room, RoomId } from '@parley/spec'
import type { KitCore } from '../core/core.ts'

/** What routing reads. */
export type RoutingParts = Pick<KitCore, 'store' | 'registry' | 'framework'>

/** Rooms that take messages. */
const open: Room['status'][] = ['active', 'paused']

/**
 * The room a message belongs to: the sender's latest open room on this type of channel, else the channel's only open
 * one, else none. It never guesses among rooms and never leaves the organization; the same input gives the same room.
 */
export async function routeInbound(
  parts: RoutingParts,
  message: InboundMessage,
  { organizationId }: { organizationId?: OrganizationId; signal?: AbortSignal },
): Promise<RoomId | null> {
  const channelType = parts.registry.get(message.channelId)?.channelType
  const scope = organizationId === undefined ? {} : { organizationId }
  const isOwn = (room: Room): boolean => room.organizationId === organizationId
  if (channelType !== undefined) {
    const found: Room[] = []
    for (const participantId of await sendersOf(parts, message, scope)) {
      const room = await parts.store.findLatestRoom({ participantId, channelType, ...scope })
      if (room !== null && isOwn(room) && !found.some(({ id }) => id === room.id)) found.push(room)
    }
    if (found.length > 1) return ambiguous(parts, message, found.length)
    if (found[0] !== undefined) return found[0].id
  }
  const rooms = await roomsOf(parts, message, scope, isOwn)
  return rooms.length > 1 ? ambiguous(parts, message, rooms.length) : (rooms[0]?.id ?? null)
}

/** The names a sender may go by in a room: the address itself, and the one known person it belongs to. */
async function sendersOf(
  { store, registry }: RoutingParts,
  { senderId, channelId }: InboundMessage,
  scope: { organizationId?: OrganizationId },
): Promise<ParticipantId[]> {
  const channelType = registry.get(channelId)?.channelType
  if (channelType === undefined) return [senderId]
  const { items } = await store.identities.list({ ...scope, channelType, address: senderId, limit: 2 })
  const [identity] = items.filter((candidate) => candidate.organizationId === scope.organizationId)
  return items.length === 1 && identity !== undefined && identity.id !== senderId ? [senderId, identity.id] : [senderId]
}

/** The channel's open rooms of the organization; two tell as much as all. */
async function roomsOf(
  { store }: RoutingParts,
  { channelId }: InboundMessage,
  scope: { organizationId?: OrganizationId },
  isOwn: (room: Room) => boolean,
): Promise<Room[]> {
  const query = { channelId, statuses: open, ...scope }
  const few = await store.roomsByChannel({ ...query, limit: 2 })
  if (few.every(isOwn)) return few
  return (await store.roomsByChannel({ ...query, limit: 1_000 })).filter(isOwn)
}

function ambiguous({ framework }: RoutingParts, { channelId }: InboundMessage, candidates: number): null {
  framework.emit({ type: 'warning', data: { what: 'inbound.ambiguous', channelId, candidates } })
  return null
}
