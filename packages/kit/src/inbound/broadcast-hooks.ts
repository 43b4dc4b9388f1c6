import { ConversationState, type ChannelBinding, type EventDraft, type Receipt, type RoomEvent } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { SyncOutcome } from '../hooks/hook-engine.ts'
import type { HookMap } from '../hooks/hook-map.ts'
import { storedRouting } from '../orchestration/router/stamps.ts'
import type { OpenRoom } from '../rooms/commit-to-log.ts'
import { effectiveVisibility } from '../rooms/effective-visibility.ts'
import type { Deadline } from './deadline.ts'
import type { PreparedEvent } from './prepared.ts'

/** What the hooks of `beforeBroadcast` made of an event. */
export type Hooked = SyncOutcome<'beforeBroadcast'>

/** Runs the hooks, the router among them; undefined where there are none. */
export function runHooks(
  parts: KitParts,
  open: OpenRoom,
  draft: EventDraft,
  prepared: PreparedEvent,
  deadline: Deadline | undefined,
): Hooked | undefined | Promise<Hooked | undefined> {
  const { source } = prepared
  const scope = {
    roomId: open.id,
    channelId: source.channelId,
    channelType: source.channelType,
    sourceKind: source.kind,
    eventType: draft.type,
  }
  if (!parts.hooks.has('beforeBroadcast', scope)) return undefined
  const event: RoomEvent = { ...draft, index: open.room.latestIndex + 1 }
  return parts.hooks.runSync('beforeBroadcast', hookPayload(open, event), scope, deadline)
}

/** Unreadable state stops no message: the router says so and asks nobody. */
function stateOrDefault(open: OpenRoom): ConversationState {
  try {
    return open.state()
  } catch {
    return new ConversationState()
  }
}

/** The state is read only if a hook asks for it: it may be unreadable, and most do not. */
function hookPayload(open: OpenRoom, event: RoomEvent): HookMap['beforeBroadcast']['payload'] {
  const { room, bindings, participants } = open
  return {
    event,
    room,
    bindings,
    participants,
    get state() {
      return stateOrDefault(open)
    },
  }
}

/** The draft as the hooks left it. */
export function fromHooked(hooked: Hooked, before: EventDraft, binding: ChannelBinding | undefined): EventDraft {
  const {
    index: _index,
    edited: _edited,
    deleted: _deleted,
    redacted: _redacted,
    reactions: _reactions,
    ...draft
  } = hooked.payload.event
  const isChanged = draft.content !== before.content
  const routing = storedRouting(draft.routing, hooked.modifiedBy)
  return {
    ...draft,
    ...(routing === undefined ? {} : { routing }),
    ...(isChanged ? { changedBy: [...hooked.modifiedBy] } : {}),
    visibility: effectiveVisibility(draft.visibility, binding?.visibility),
  }
}

/** One receipt per hook that failed. */
export function hookReceipts(parts: KitParts, open: OpenRoom, hooked: Hooked): Receipt[] {
  return hooked.failures.map((data) => parts.receipt(open.id, 'block', data, { eventIndex: open.room.latestIndex + 1 }))
}

/** Who watches a trigger that others decide at sees what came of it. */
export function tellWatchers(parts: KitParts, open: OpenRoom, event: RoomEvent): void {
  const { channelId, channelType, kind } = event.source
  const scope = { roomId: open.id, channelId, channelType, sourceKind: kind, eventType: event.type }
  open.later(() => parts.hooks.fire('beforeBroadcast', hookPayload(open, event), scope))
}
