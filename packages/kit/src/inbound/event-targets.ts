import type { BlockReason, EventDraft, Participant, RoomEvent, TargetEffect } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'

/** A reply to a reply is filed under the root; an unknown parent makes the event top level, with a warning. */
export async function resolveThreadRoot(parts: KitParts, draft: EventDraft): Promise<EventDraft> {
  const { parentEventId, ...topLevel } = draft
  if (parentEventId === undefined) return draft
  const parent = await parts.store.getEvent(draft.roomId, parentEventId)
  if (parent !== null) return { ...draft, parentEventId: parent.parentEventId ?? parent.id }
  parts.framework.emit({
    type: 'warning',
    roomId: draft.roomId,
    data: { what: 'parent_not_found', parentEventId },
  })
  return topLevel
}

/** Whether a source may edit, delete or react, and what that does to the target. */
export async function authorizeMutation(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
): Promise<{ effects: TargetEffect[] } | { refused: BlockReason }> {
  const { content, source } = draft
  if (content.type !== 'edit' && content.type !== 'delete' && content.type !== 'reaction') return none
  const target = await parts.store.getEvent(draft.roomId, content.targetEventId)
  if (target === null || target.status === 'blocked') return { refused: 'target_not_found' }
  if (content.type === 'reaction') {
    const by = source.participantId ?? source.channelId
    if (by === undefined) return { refused: 'identity_required' }
    const remove = content.remove === true ? { remove: true as const } : {}
    return { effects: [{ targetEventId: target.id, draft: 0, kind: 'reaction', emoji: content.emoji, by, ...remove }] }
  }
  const refused = refusal(content, draft, target, open.participants)
  if (refused !== undefined) return { refused }
  return content.type === 'edit'
    ? { effects: [{ targetEventId: target.id, draft: 0, kind: 'edit', content: content.content }] }
    : { effects: [{ targetEventId: target.id, draft: 0, kind: 'delete', by: content.kind }] }
}

const none = { effects: [] }

/** Rights come from the committed source and the roster, never from fields of the payload. */
function refusal(
  content: Extract<EventDraft['content'], { type: 'edit' | 'delete' }>,
  { source }: EventDraft,
  target: RoomEvent,
  participants: readonly Participant[],
): BlockReason | undefined {
  if (content.type === 'delete' && content.kind === 'system')
    return source.kind === 'system' ? undefined : 'not_authorized'
  const actor = source.kind === 'agent' ? source.channelId : source.participantId
  if (actor === undefined) return 'identity_required'
  if (content.type === 'delete' && content.kind === 'owner') {
    return participants.some(({ id, role }) => id === actor && role === 'owner') ? undefined : 'not_authorized'
  }
  const author = target.source.kind === 'agent' ? target.source.channelId : target.source.participantId
  return author === actor && target.source.kind === source.kind ? undefined : 'not_author'
}
