import type { BlockReason, EphemeralInput, EventDraft, InboundResult, Json } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'

/** The index of an event that has no place in the log. */
const NO_INDEX = -1

/**
 * Passes an event of an ephemeral type on to those who watch the room: it takes no index, is not stored, meets no hook
 * and asks no agent. The gates for its source hold all the same.
 */
export function passOn(parts: KitParts, draft: EventDraft, refused: BlockReason | undefined): InboundResult {
  const { roomId, source, content, visibility, metadata } = draft
  if (refused !== undefined)
    return { outcome: 'blocked', roomId, reason: refused, message: 'The source may not write to this room.' }
  const event: EphemeralInput = {
    // What the host declared as ephemeral is one; the types of the log and of ephemerals differ in name only.
    type: draft.type as EphemeralInput['type'],
    from: source.participantId ?? source.channelId ?? source.kind,
    // Content that was checked is plain JSON.
    data: { content: content as unknown as Json, metadata },
    visibility,
  }
  if (source.channelId !== undefined) event.channelId = source.channelId
  parts.ephemeral.publish(roomId, event)
  const nothing = Promise.resolve({ replies: [], deliveries: [], errors: [] })
  return {
    outcome: 'committed',
    roomId,
    event: { ...draft, index: NO_INDEX },
    duplicate: false,
    settled: () => nothing,
  }
}
