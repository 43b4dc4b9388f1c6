import { allow, modify, type SyncHook } from '@parley/kit'
import type { PendingRequest, RoomId } from '@parley/spec'

/** What stands in a message in place of a PIN. */
const hiddenPin = '[PIN hidden]'

const pinPattern = /(?<!\d)\d[ -]?\d[ -]?\d[ -]?\d(?!\d)/g

/**
 * Takes a PIN out of a message that was typed into the conversation while the masked field was open, before the message
 * is committed. Register it with `redacts: true`, so that a failure lets nothing through.
 */
export function hideTypedPin(openRequests: (roomId: RoomId) => Promise<PendingRequest[]>): SyncHook<'beforeBroadcast'> {
  return async ({ event }) => {
    const { content, source, roomId } = event
    if (source.kind !== 'person' || content.type !== 'text') return allow()
    const text = content.text.replaceAll(pinPattern, hiddenPin)
    if (text === content.text) return allow()
    const isAsked = (await openRequests(roomId)).some(({ sensitive }) => sensitive)
    return isAsked ? modify({ ...event, content: { ...content, text } }) : allow()
  }
}
