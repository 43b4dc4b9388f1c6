import type { ChannelId, ParticipantId, RoomEvent, Visibility } from '@parley/spec'
import type { Principal } from '../auth/principal.ts'

/** Whose view of a room it is. Undefined is the host's: operators and programs with a key see everything. */
export type Reader = { channelId: ChannelId; participantId: ParticipantId } | undefined

/** The view of a principal: a participant sees what the web channel may see, and what is their own. */
export function readerOf({ room }: Principal, webChannelId: ChannelId): Reader {
  return room === undefined ? undefined : { channelId: webChannelId, participantId: room.participantId }
}

/** Whether something of a visibility reaches a reader of a transport channel. */
export function reaches(visibility: Visibility, reader: Reader): boolean {
  if (reader === undefined) return true
  if (typeof visibility === 'object') return visibility.only.includes(reader.channelId)
  return visibility === 'all' || visibility === 'transport'
}

/**
 * Whether an event that the channel may see is for this person: several people share a channel, and what one of them
 * wrote for agents or for somebody alone is not for the others.
 */
export function isForPerson(event: Pick<RoomEvent, 'source' | 'visibility'>, reader: Reader): boolean {
  return (
    reader === undefined || event.source.participantId === reader.participantId || reaches(event.visibility, reader)
  )
}
