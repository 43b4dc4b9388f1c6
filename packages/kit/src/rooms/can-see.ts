import {
  assertNever,
  type ChannelBinding,
  type ChannelCapabilities,
  type ChannelId,
  type EventType,
  type RoomEvent,
  type Visibility,
} from '@parley/spec'

/** A binding, as far as seeing goes. */
export type BoundReader = Pick<ChannelBinding, 'channelId' | 'category' | 'capabilities'>

/** A channel without a binding in the room. */
export interface UnboundReader {
  channelId: ChannelId
  category?: undefined
  capabilities?: undefined
}

/** Who reads: hooks, operators and code of the host, a binding, or somebody without one. */
export type Reader = 'host' | 'unbound' | BoundReader | UnboundReader

/** What of an event decides who sees it. */
export type SeenEvent = Pick<RoomEvent, 'type' | 'status' | 'source' | 'content' | 'visibility'>

/**
 * Whether a reader may see an event: the one rule for delivery, agents' history, memory, read routes and exports.
 * The host sees all; a blocked event is seen by nobody else; a source always sees its own events, a reader without a
 * binding only those.
 */
export function canSee(event: SeenEvent, reader: Reader): boolean {
  if (reader === 'host') return true
  if (event.status === 'blocked' || reader === 'unbound') return false
  if (event.source.channelId === reader.channelId) return true
  if (reader.category === undefined) return false
  return reaches(event.visibility, reader) && shows(event, reader.capabilities)
}

/** Whether a visibility includes a binding. */
export function reaches(visibility: Visibility, reader: Pick<BoundReader, 'channelId' | 'category'>): boolean {
  if (typeof visibility === 'object') return visibility.only.includes(reader.channelId)
  switch (visibility) {
    case 'all':
      return true
    case 'transport':
    case 'intelligence':
      return reader.category === visibility
    case 'internal':
    case 'none':
      return false
    default:
      return assertNever(visibility)
  }
}

/** Types that any channel can be given; a channel that cannot show edits gets a correction line instead. */
const plainTypes: ReadonlySet<EventType> = new Set<EventType>([
  'message',
  'edit',
  'delete',
  'reaction',
  'dtmf',
  'backchannel',
])

/** System, tool, note, lifecycle and custom events are for channels that declare them. */
function shows({ type, content }: SeenEvent, capabilities: ChannelCapabilities): boolean {
  if (capabilities.eventTypes?.includes(type) === true) return true
  if (!plainTypes.has(type)) return false
  const isTechnical = content.type === 'system' || content.type === 'note' || content.type === 'toolCall'
  return !isTechnical || capabilities.content.includes(content.type)
}
