import type { ConversationState, Json, PhaseTransition, Room } from '@parley/spec'
import type { EventDraft } from '@parley/spec'
import type { KitCore } from '../../core/core.ts'

/** What is said of a change in the log, beside the change itself. */
export interface ChangeCause {
  causeId?: string
  turnId?: string
  by?: { kind: string; id: string }
}

/** Whether a change is worth a record: another phase or another agent. */
export function hasMoved(before: ConversationState, after: ConversationState): boolean {
  return before.phase !== after.phase || before.activeAgentId !== after.activeAgentId
}

/** The transition that led from one state to the next: the recorded one, else one made of the difference. */
export function transitionBetween(before: ConversationState, after: ConversationState, now: string): PhaseTransition {
  const last = after.phaseHistory.at(-1)
  const isRecorded = last !== undefined && last.toPhase === after.phase && last.toAgent === after.activeAgentId
  if (isRecorded && last !== before.phaseHistory.at(-1))
    return { ...last, timestamp: last.timestamp === '' ? now : last.timestamp }
  return {
    fromPhase: before.phase,
    toPhase: after.phase,
    fromAgent: before.activeAgentId,
    toAgent: after.activeAgentId,
    reason: '',
    timestamp: now,
    metadata: {},
  }
}

/** The `phaseChanged` record of a change. */
export function phaseChangedDraft(
  core: KitCore,
  room: Room,
  transition: PhaseTransition,
  cause: ChangeCause = {},
): EventDraft {
  const data: { [key: string]: Json } = { ...transition }
  return core.systemDraft(room, {
    type: 'phaseChanged',
    content: { type: 'system', code: 'phase_changed', text: `${transition.fromPhase} to ${transition.toPhase}`, data },
    visibility: 'internal',
    ...idsOf(cause),
  })
}

/** The `modeChanged` record of a change. */
export function modeChangedDraft(
  core: KitCore,
  room: Room,
  change: { from: string; to: string; by: { kind: string; id: string }; reason?: string },
  cause: ChangeCause = {},
): EventDraft {
  const data: { [key: string]: Json } = { from: change.from, to: change.to, by: { ...change.by } }
  if (change.reason !== undefined) data['reason'] = change.reason
  return core.systemDraft(room, {
    type: 'modeChanged',
    content: { type: 'system', code: 'mode_changed', text: `${change.from} to ${change.to}`, data },
    visibility: 'internal',
    ...idsOf(cause),
  })
}

/** The records a saved state owes the log: `phaseChanged` when phase or agent changed, else none. */
export function stateRecords(
  core: KitCore,
  room: Room,
  before: ConversationState,
  after: ConversationState,
  cause: ChangeCause = {},
): EventDraft[] {
  if (!hasMoved(before, after)) return []
  return [phaseChangedDraft(core, room, transitionBetween(before, after, core.now()), cause)]
}

function idsOf({ causeId, turnId }: ChangeCause): { causeId?: string; turnId?: string } {
  return { ...(causeId === undefined ? {} : { causeId }), ...(turnId === undefined ? {} : { turnId }) }
}
