import { allow, modify, type SyncHook } from '@parley/kit'
import type { Content, PendingRequest, RoomId } from '@parley/spec'

/** What stands in a message in place of a PIN. */
const hiddenPin = '[PIN hidden]'

const pinPattern = /(?<!\d)\d[ -]?\d[ -]?\d[ -]?\d(?!\d)/g
const pinWord = /\bpin(?:s|code)?\b/i

/**
 * Takes a PIN out of what a person says in the conversation, before it is committed: four digits while the masked field
 * is open, or beside the word PIN at any time. Register it with `redacts: true`, so that a failure lets nothing through.
 */
export function hideTypedPin(openRequests: (roomId: RoomId) => Promise<PendingRequest[]>): SyncHook<'beforeBroadcast'> {
  return async ({ event }) => {
    const { content, source, roomId } = event
    if (source.kind !== 'person') return allow()
    const said = wordsOf(content).join(' ')
    if (said.search(pinPattern) === -1) return allow()
    const isPin = pinWord.test(said) || (await openRequests(roomId)).some(({ sensitive }) => sensitive)
    return isPin ? modify({ ...event, content: withoutPin(content) }) : allow()
  }
}

/** Fields of contents that hold words of people. */
const wordFields = new Set(['text', 'body', 'plainText', 'caption', 'transcript', 'label', 'address', 'title'])

/** Everything a content says, whatever its type. */
function wordsOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, entry]) =>
    typeof entry === 'string' ? (wordFields.has(key) ? [entry] : []) : wordsOf(entry),
  )
}

function withoutPin(content: Content): Content {
  const hide = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hide)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        typeof entry === 'string' && wordFields.has(key) ? entry.replaceAll(pinPattern, hiddenPin) : hide(entry),
      ]),
    )
  }
  // Only texts inside are changed; the shape stays.
  return hide(content) as Content
}
