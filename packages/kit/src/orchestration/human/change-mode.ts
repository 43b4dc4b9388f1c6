import { ParleyError } from '@parley/spec'
import type { ConversationState, EventDraft, HandoffActor, Json, RoomEvent, RoomId } from '@parley/spec'
import type { LockedRoom } from '../../core/locked-room.ts'
import { publishConversation } from '../handoff/complete-handoff.ts'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import { hasMoved, modeChangedDraft, phaseChangedDraft, transitionBetween } from '../state/state-records.ts'

/** A change of who speaks that is no handoff. */
export interface ModeChange {
  by: HandoffActor
  reason?: string | undefined
  /** The next state, or undefined for no change. May throw. */
  change(state: ConversationState, locked: LockedRoom): ConversationState | undefined
  /** Further records, after those of the change. */
  records?(locked: LockedRoom, before: ConversationState, after: ConversationState): EventDraft[]
  /** Of the `mode` receipt. */
  action: string
  /** How running turns end when agents fall silent. */
  endTurns?: 'handedOff' | 'aborted'
  /** The agent whose turns go on. */
  except?: string | undefined
}

/** What a change left. */
export interface ModeChanged {
  before: ConversationState
  after: ConversationState
  events: RoomEvent[]
  locked: Pick<LockedRoom, 'room' | 'bindings' | 'participants'>
}

/** Changes the mode under the lock: state, records and receipt in one commit; then hooks, clients, turns. */
export async function changeMode(
  internals: OrchestrationInternals,
  roomId: RoomId,
  change: ModeChange,
): Promise<ModeChanged> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const done = await internals.core.inRoom(roomId, (locked) => commitMode(internals, change, locked))
    if (done === undefined) continue
    announce(internals, roomId, change, done)
    return done
  }
  throw new ParleyError({
    code: 'version_conflict',
    message: `The state of room ${roomId} was changed meanwhile. Look at it again and repeat.`,
    details: { roomId },
  })
}

async function commitMode(
  { core }: OrchestrationInternals,
  change: ModeChange,
  locked: LockedRoom,
): Promise<ModeChanged | undefined> {
  const before = locked.state()
  const after = change.change(before, locked)
  const { room, bindings, participants } = locked
  if (after === undefined) return { before, after: before, events: [], locked: { room, bindings, participants } }
  const drafts: EventDraft[] = []
  if (hasMoved(before, after)) drafts.push(phaseChangedDraft(core, room, transitionBetween(before, after, core.now())))
  if (before.mode !== after.mode) {
    drafts.push(
      modeChangedDraft(core, room, {
        from: before.mode,
        to: after.mode,
        by: { ...change.by },
        ...(change.reason === undefined ? {} : { reason: change.reason }),
      }),
    )
  }
  drafts.push(...(change.records?.(locked, before, after) ?? []))
  const data: { [key: string]: Json } = {
    action: change.action,
    from: before.mode,
    to: after.mode,
    by: { ...change.by },
  }
  if (change.reason !== undefined) data['reason'] = change.reason
  const conversation = { expectedVersion: before.version, next: after.toJSON() }
  const outcome = await locked.commit(drafts, {
    conversation,
    receipts: [core.receipt(room.id, 'mode', data, { actor: { ...change.by } })],
  })
  if (!('events' in outcome)) return undefined
  return {
    before,
    after: locked.state(),
    events: outcome.events,
    locked: { room: locked.room, bindings, participants },
  }
}

function announce(
  internals: OrchestrationInternals,
  roomId: RoomId,
  change: ModeChange,
  { before, after, locked }: ModeChanged,
): void {
  const { core } = internals
  if (before === after) return
  internals.armTimeout(roomId, after.human?.expiresAt)
  if (before.mode !== after.mode) {
    core.hooks.fire('onModeChanged', { roomId, from: before.mode, to: after.mode, by: { ...change.by } }, { roomId })
  }
  if (before.phase !== after.phase) {
    core.hooks.fire(
      'onPhaseTransition',
      { roomId, transition: transitionBetween(before, after, core.now()) },
      { roomId },
    )
  }
  if (after.mode !== 'agent' && before.mode !== after.mode) endTurns(internals, roomId, change)
  const claimant = locked.participants.find(({ id }) => id === after.human?.claimedBy)
  publishConversation(internals, roomId, { from: before.activeAgentId }, after, claimant?.displayName)
}

function endTurns(
  { core }: OrchestrationInternals,
  roomId: RoomId,
  { endTurns: how = 'aborted', except }: ModeChange,
): void {
  for (const running of core.turns.running(roomId)) {
    if (running.agentId === except) continue
    core.background('mode', () => core.turns.end(running.turnId, how, 'mode'), { roomId })
  }
}
