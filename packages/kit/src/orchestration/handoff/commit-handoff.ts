import type {
  ConversationState,
  EventDraft,
  HandoffPlan,
  HandoffResult,
  Json,
  PhaseTransition,
  Room,
  RoomEvent,
} from '@parley/spec'
import type { LockedRoom } from '../../core/locked-room.ts'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import { hasMoved, modeChangedDraft, phaseChangedDraft, transitionBetween } from '../state/state-records.ts'
import { peersOf, targetFact } from './handoff-facts.ts'
import type { HandoffJob } from './handoff-interpreter.ts'
import { handoff, type HandoffInput, type HandoffStep } from './handoff-machine.ts'
import { resolveTarget } from './handoff-rules.ts'

/** How often a lost race is run again. */
const TRIES = 3

/** A handoff that was made. */
export interface CommittedHandoff {
  result: Extract<HandoffResult, { accepted: true }>
  plan: HandoffPlan
  before: ConversationState
  after: ConversationState
  room: Room
  bindings: LockedRoom['bindings']
  participants: LockedRoom['participants']
  /** The `handoff` record. */
  event: RoomEvent
  transition: PhaseTransition | undefined
}

/**
 * Commits a handoff in one store call: state by compare-and-set, then `handoff`, `phaseChanged`, `modeChanged`. On a
 * lost race it is validated again on the new state, at most three times.
 */
export async function commitHandoff(
  internals: OrchestrationInternals,
  job: HandoffJob,
  input: HandoffInput,
  signal: AbortSignal,
): Promise<CommittedHandoff | HandoffStep | 'conflict'> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const outcome = await internals.core.inRoom(job.roomId, (locked) => tryCommit(internals, job, input, locked), {
      signal,
    })
    if (outcome !== undefined) return outcome
  }
  return 'conflict'
}

async function tryCommit(
  { core }: OrchestrationInternals,
  job: HandoffJob,
  input: HandoffInput,
  locked: LockedRoom,
): Promise<CommittedHandoff | HandoffStep | 'conflict' | undefined> {
  const before = locked.state()
  if (job.stillWanted?.(before) === false) return 'conflict'
  const { room, bindings } = locked
  const target = resolveTarget(input.rules, input.request.targetAgentId)
  const facts = {
    ...input.facts,
    roomStatus: room.status,
    target: targetFact(core, input.rules, bindings, target),
    peers: peersOf(core, input.rules, bindings),
  }
  const step = handoff(before, { ...input, facts }, core.now())
  const effect = step.effects.find(({ type }) => type === 'commit')
  // Another phase may ask for another contract: that is for a new attempt of the caller, not for this one.
  if (step.result === undefined) return undefined
  if (!step.result.accepted || effect?.type !== 'commit') return step
  const { plan, mode } = effect
  const cause = causeOf(job)
  const drafts: EventDraft[] = [handoffDraft({ core }, room, plan, cause)]
  const isMoved = hasMoved(before, step.state)
  const transition = isMoved ? transitionBetween(before, step.state, core.now()) : undefined
  if (transition !== undefined) drafts.push(phaseChangedDraft(core, room, transition, cause))
  if (mode !== undefined)
    drafts.push(
      modeChangedDraft(core, room, { ...mode, by: { ...plan.request.by }, reason: plan.request.reason }, cause),
    )
  const line = announcement({ core }, job, room, plan)
  if (line !== undefined) drafts.push(line)
  const receipts = step.receipts.map((data) =>
    core.receipt(room.id, 'handoff', data, {
      eventIndex: room.latestIndex + 1,
      actor: { ...plan.request.by },
      ...(job.turn === undefined ? {} : { turnId: job.turn.turnId }),
    }),
  )
  if (mode !== undefined)
    receipts.push(
      core.receipt(room.id, 'mode', { ...mode, by: { ...plan.request.by } }, { actor: { ...plan.request.by } }),
    )
  const conversation = { expectedVersion: before.version, next: step.state.toJSON() }
  const committed = await locked.commit(drafts, { conversation, receipts })
  if (!('events' in committed)) return undefined
  const [event] = committed.events
  if (event === undefined) return undefined
  return {
    result: step.result,
    plan,
    before,
    after: locked.state(),
    room: locked.room,
    bindings: locked.bindings,
    participants: locked.participants,
    event,
    transition,
  }
}

function causeOf({ turn }: HandoffJob): { causeId?: string; turnId?: string } {
  return turn === undefined ? {} : { causeId: turn.event.id, turnId: turn.turnId }
}

/** The record of a handoff: for operators and recovery, never for people. */
function handoffDraft(
  { core }: Pick<OrchestrationInternals, 'core'>,
  room: Room,
  plan: HandoffPlan,
  cause: { causeId?: string; turnId?: string },
): EventDraft {
  const { handoffId, from, to, fromPhase, toPhase, request, opening } = plan
  const data: { [key: string]: Json } = {
    handoffId,
    from,
    to: to ?? 'human',
    fromPhase,
    toPhase,
    reason: request.reason,
    summary: request.summary,
    by: { ...request.by },
    opening,
    ...(request.payload === undefined ? {} : { payload: request.payload }),
    ...(request.channelEscalation === undefined ? {} : { channelEscalation: request.channelEscalation }),
  }
  return core.systemDraft(room, {
    type: 'handoff',
    content: { type: 'system', code: 'handoff', text: `${from ?? 'nobody'} to ${to ?? 'human'}`, data },
    visibility: 'internal',
    ...cause,
  })
}

/** The host's line for people, if it has one. */
function announcement(
  { core }: Pick<OrchestrationInternals, 'core'>,
  { announce }: HandoffJob,
  room: Room,
  plan: HandoffPlan,
): EventDraft | undefined {
  if (announce === undefined) return undefined
  try {
    const content = announce(plan)
    return content === null ? undefined : core.systemDraft(room, { type: 'message', content, visibility: 'transport' })
  } catch (thrown) {
    core.reportError(thrown, { stage: 'handoff', roomId: room.id })
    return undefined
  }
}
