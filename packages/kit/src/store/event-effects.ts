import type { RoomEvent, TargetEffect } from '@parley/spec'

const erased = Object.freeze({ type: 'redacted' as const })

/** A target as reads show it after an effect. What was deleted or redacted stays so. */
export function applyEffect(target: RoomEvent, effect: TargetEffect, cause: RoomEvent): RoomEvent {
  const mark = { at: cause.createdAt, byIndex: cause.index }
  switch (effect.kind) {
    case 'edit':
      return isGone(target) ? target : { ...target, content: effect.content, edited: mark }
    case 'delete':
      return isGone(target)
        ? target
        : { ...target, content: erased, source: withoutRaw(target.source), deleted: { ...mark, kind: effect.by } }
    case 'reaction':
      return withReaction(target, effect)
  }
}

/** An event without its content and what the provider sent; envelope and index stay. */
export function eraseEvent(event: RoomEvent, redacted: NonNullable<RoomEvent['redacted']>): RoomEvent {
  const { channelData, ...rest } = event
  const next: RoomEvent = { ...rest, content: erased, source: withoutRaw(event.source), redacted }
  if (channelData !== undefined) {
    const { extra: _erased, ...kept } = channelData
    next.channelData = kept
  }
  return next
}

function isGone(event: RoomEvent): boolean {
  return event.deleted !== undefined || event.redacted !== undefined
}

function withoutRaw(source: RoomEvent['source']): RoomEvent['source'] {
  const { raw: _erased, ...kept } = source
  return kept
}

function withReaction(
  target: RoomEvent,
  { emoji, by, remove }: Extract<TargetEffect, { kind: 'reaction' }>,
): RoomEvent {
  const { reactions, ...rest } = target
  const others = (reactions?.[emoji] ?? []).filter((name) => name !== by)
  const next = { ...reactions, [emoji]: remove === true ? others : [...others, by] }
  if (next[emoji]?.length === 0) delete next[emoji]
  return Object.keys(next).length === 0 ? rest : { ...rest, reactions: next }
}
