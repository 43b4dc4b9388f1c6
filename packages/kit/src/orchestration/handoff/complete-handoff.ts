import type { ChannelId, HandoffPlan, Json, OrganizationId, Receipt, Room, RoomEvent, RoomId } from '@parley/spec'
import type { HeldTrigger, TurnHold, TurnOpeningRequest } from './opening-request.ts'
import type { OrchestrationInternals, RoomReading } from '../orchestration-internals.ts'
import { getConversationState } from '../state/room-state.ts'
import type { CommittedHandoff } from './commit-handoff.ts'
import { escalationBinding } from './handoff-facts.ts'
import type { HandoffJob } from './handoff-interpreter.ts'
import type { HandoffParticipants } from './participants.ts'
import { whoIsAskedAnew } from './re-decide.ts'
import { canSee } from '../../rooms/can-see.ts'

/** What an agent is told that asked for a colleague and goes on until one comes. */
const KEEPS_AGENT =
  '[A colleague was asked to take over and will join. Tell the person so in one line, and go on helping until then.]'

/** The steps after the commit: end, announce, open, thaw. */
export async function completeHandoff(
  internals: OrchestrationInternals,
  job: HandoffJob,
  committed: CommittedHandoff,
  hold: TurnHold,
  participants: HandoffParticipants | undefined,
): Promise<void> {
  const { core } = internals
  const { plan, after, before } = committed
  const isMoved =
    after.activeAgentId !== before.activeAgentId || after.mode !== before.mode || after.phase !== before.phase
  if (isMoved) {
    await job.beforeEnd?.()
    endTurns(internals, job, committed)
  }
  if (participants !== undefined) await participants.commit(plan)
  announce(internals, job, committed)
  const held = hold.release()
  try {
    await open(internals, job, committed, held)
    if (!isMoved && job.turn !== undefined && after.activeAgentId !== null) {
      core.turns.ask({
        roomId: plan.roomId,
        agentId: after.activeAgentId,
        trigger: committed.event,
        opening: { kind: 'notice', text: KEEPS_AGENT },
      })
    }
  } catch (thrown) {
    core.reportError(thrown, { stage: 'handoff', roomId: plan.roomId })
  }
}

/** The outgoing turn ends; a turn that asked for the handoff itself ends by its loop, so nobody waits for it here. */
function endTurns(
  { core }: OrchestrationInternals,
  { roomId, turn, endTurns: how = 'handedOff', rules }: HandoffJob,
  { plan, after }: CommittedHandoff,
): void {
  for (const running of core.turns.running(roomId)) {
    const isOutgoing = running.agentId === plan.from || running.turnId === turn?.turnId
    const isSilenced = after.mode !== 'agent' && running.agentId !== rules.supervisorId
    if (!isOutgoing && !isSilenced) continue
    core.background('handoff', () => core.turns.end(running.turnId, how, 'handoff'), { roomId })
  }
}

function announce(
  internals: OrchestrationInternals,
  job: HandoffJob,
  { plan, result, before, after, transition, room }: CommittedHandoff,
): void {
  const { core, status } = internals
  const { roomId } = plan
  const scope = { roomId }
  core.hooks.fire('onHandoff', { roomId, plan, result }, scope)
  if (transition !== undefined && transition.fromPhase !== transition.toPhase)
    core.hooks.fire('onPhaseTransition', { roomId, transition }, scope)
  if (before.mode !== after.mode) {
    core.hooks.fire('onModeChanged', { roomId, from: before.mode, to: after.mode, by: { ...plan.request.by } }, scope)
  }
  if (after.human !== undefined && after.mode === 'agent') internals.waitsBeside = true
  if (after.human !== undefined && before.human === undefined)
    core.hooks.fire('onHumanRequested', { roomId, state: after }, scope)
  const { onHandoffComplete } = job.handler
  if (onHandoffComplete !== undefined)
    core.background('onHandoffComplete', async () => onHandoffComplete(roomId, result), { roomId })
  publishConversation(internals, roomId, plan, after)
  internals.armTimeout(roomId, after.human?.expiresAt)
  const to = plan.to ?? 'human'
  status.post({
    roomId,
    ...ofOrganization(room),
    agentId: plan.from ?? plan.request.by.id,
    action: after.human === undefined ? 'handoff' : 'human_request',
    status: 'completed',
    detail: `to ${to}`,
    metadata: { handoffId: plan.handoffId, to },
  })
}

/** The organization of a status line. */
export function ofOrganization({ organizationId }: Pick<Room, 'organizationId'>): { organizationId?: OrganizationId } {
  return organizationId === undefined ? {} : { organizationId }
}

/** Tells clients who is in charge now; no word of summary or payload. */
export function publishConversation(
  { core, nameOf }: OrchestrationInternals,
  roomId: RoomId,
  { from }: Pick<HandoffPlan, 'from'>,
  { phase, mode, activeAgentId, human }: CommittedHandoff['after'],
  name?: string,
): void {
  const current = name ?? (activeAgentId === null ? (human?.claimedBy ?? null) : nameOf(activeAgentId))
  const data: { [key: string]: Json } = {
    phase,
    mode,
    activeAgentId,
    name: current,
    previousName: from === null ? null : nameOf(from),
  }
  core.ephemeral.publish(roomId, { type: 'conversation', from: activeAgentId ?? human?.claimedBy ?? 'system', data })
}

/** Opens the receiver's turn and asks anew about what waited. */
async function open(
  internals: OrchestrationInternals,
  job: HandoffJob,
  committed: CommittedHandoff,
  held: readonly HeldTrigger[],
): Promise<void> {
  const { core } = internals
  const { plan, after, room, bindings, participants, event } = committed
  const reading: RoomReading = { room, bindings, participants }
  const outcomes = held.filter(({ opening }) => opening?.kind === 'request' || opening?.kind === 'notice')
  const messages = held.filter(({ opening, trigger }) => opening === undefined || trigger.type === 'message')
  const anew = whoIsAskedAnew(messages, (trigger) => internals.decide(reading, trigger, after)).map((one) => ({
    ...one,
    // Routing decides who should answer, visibility who may: what is hidden from an agent never opens its turn.
    asked: one.asked.filter((agentId) =>
      bindings.some((binding) => binding.channelId === agentId && canSee(one.trigger, binding)),
    ),
  }))
  const receipts: Receipt[] = anew.flatMap(({ trigger, decision }) =>
    decision === undefined
      ? []
      : [
          core.receipt(
            room.id,
            'routing',
            { ...decision, supersedes: true, handoffId: plan.handoffId } as unknown as Json,
            { eventIndex: trigger.index },
          ),
        ],
  )
  const receiverId =
    after.mode === 'agent' &&
    after.activeAgentId !== null &&
    plan.to === after.activeAgentId &&
    after.handoff?.handoffId === plan.handoffId
      ? plan.to
      : null
  const canTakeTurn = receiverId !== null && bindings.some(({ channelId }) => channelId === receiverId)
  const waiting = canTakeTurn
    ? anew.filter(({ asked }) => asked.includes(receiverId)).map(({ trigger }) => trigger)
    : []
  if (canTakeTurn) await openReceiver(internals, { job, plan, receiverId, event, waiting, room, bindings })
  for (const { trigger, asked } of anew) {
    for (const agentId of asked)
      if (agentId !== receiverId || !canTakeTurn) core.turns.ask({ roomId: room.id, agentId, trigger })
  }
  // Outcomes of requests and tools go to whoever is in charge now; with people they stay for the desk.
  for (const { trigger, opening } of outcomes) {
    if (after.activeAgentId !== null && opening !== undefined)
      core.turns.ask({ roomId: room.id, agentId: after.activeAgentId, trigger, opening })
  }
  if (
    plan.request.channelEscalation !== undefined &&
    plan.request.channelEscalation !== 'same' &&
    escalationBinding(bindings, plan.request.channelEscalation) === undefined
  ) {
    core.hooks.fire(
      'onChannelEscalation',
      { roomId: room.id, plan, channel: plan.request.channelEscalation },
      { roomId: room.id },
    )
  }
  receipts.push(openedReceipt(internals, plan, room.id, event))
  core.background('handoff', async () => void (await core.store.receipts.put(receipts)), { roomId: room.id })
}

/** The mark that a handoff's steps are done; its id is of the handoff, so there is one. */
function openedReceipt(
  { core }: OrchestrationInternals,
  { handoffId, to }: HandoffPlan,
  roomId: RoomId,
  event: RoomEvent,
): Receipt {
  return core.receipt(
    roomId,
    'handoff',
    { stage: 'opened', handoffId, to: to ?? 'human' },
    { id: `opened_${handoffId}`, eventIndex: event.index },
  )
}

interface Receiving {
  job: Pick<HandoffJob, 'notice'>
  plan: HandoffPlan
  receiverId: ChannelId
  event: RoomEvent
  /** Messages of people that wait, ascending. */
  waiting: readonly RoomEvent[]
  room: Room
  bindings: RoomReading['bindings']
}

async function openReceiver(internals: OrchestrationInternals, receiving: Receiving): Promise<void> {
  const { core, greetings } = internals
  const { job, plan, receiverId, event, waiting, room, bindings } = receiving
  const elsewhere = escalationBinding(bindings, plan.request.channelEscalation)
  const common: TurnOpeningRequest = {
    roomId: room.id,
    agentId: receiverId,
    ...(elsewhere === undefined ? {} : { visibility: { only: [elsewhere] } }),
  }
  const [trigger = event, ...earlierFirst] = waiting.toReversed()
  const earlier = earlierFirst.toReversed()
  const answerWaiting = (): void => {
    if (waiting.length > 0) core.turns.ask({ ...common, trigger, earlier })
  }
  if (plan.opening === 'silent') return answerWaiting()
  if (plan.opening === 'greeting') {
    const greeted = await greetings.greetAs(room, receiverId, {
      key: `handoff:${plan.handoffId}`,
      cause: event,
      visibility: common.visibility,
    })
    if (greeted) return answerWaiting()
  }
  const opening =
    job.notice === undefined
      ? { kind: 'handoff' as const, handoffId: plan.handoffId }
      : { kind: 'notice' as const, text: job.notice }
  core.turns.ask({ ...common, trigger, earlier, opening, first: true })
}

/**
 * Opens the receiver of the last handoff in a room's log when a stopped process did not get to it. The mark is put
 * first, if it is absent, so exactly one process does.
 */
export async function resumeHandoff(internals: OrchestrationInternals, roomId: RoomId): Promise<void> {
  const { core } = internals
  const [event] = await core.store.tail(roomId, 1, { types: ['handoff'], statuses: ['committed'] })
  if (event === undefined) return
  const context = await core.store.loadContext(roomId, { tail: 0 })
  if (context === null || context.room.status === 'closed' || context.room.status === 'archived') return
  const after = getConversationState(context.room)
  const plan = planOfEvent(event, after.version)
  if (plan === undefined) return
  const { written } = await core.store.receipts.put([openedReceipt(internals, plan, roomId, event)], { ifAbsent: true })
  if (!written) return
  internals.armTimeout(roomId, after.human?.expiresAt)
  if (plan.to === null || after.mode !== 'agent' || after.handoff?.handoffId !== plan.handoffId) return
  await openReceiver(internals, {
    job: {},
    plan,
    receiverId: plan.to,
    event,
    waiting: [],
    room: context.room,
    bindings: context.bindings,
  })
}

/** The plan a `handoff` record tells of; undefined when it is not one of ours. */
function planOfEvent({ content, roomId }: RoomEvent, baseVersion: number): HandoffPlan | undefined {
  if (content.type !== 'system' || content.code !== 'handoff') return undefined
  const { data } = content
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined
  const text = (key: string): string => (typeof data[key] === 'string' ? data[key] : '')
  const opening = text('opening')
  const escalation = text('channelEscalation')
  if (text('handoffId') === '') return undefined
  return {
    handoffId: text('handoffId'),
    roomId,
    from: text('from') === '' ? null : text('from'),
    to: text('to') === 'human' ? null : text('to'),
    fromPhase: text('fromPhase'),
    toPhase: text('toPhase'),
    request: {
      targetAgentId: text('to'),
      reason: text('reason'),
      summary: text('summary'),
      context: {},
      urgent: false,
      by: { kind: 'system', id: 'recovery' },
      ...(escalation === 'voice' || escalation === 'email' || escalation === 'sms'
        ? { channelEscalation: escalation }
        : {}),
    },
    opening: opening === 'greeting' || opening === 'silent' ? opening : 'resume',
    baseVersion,
  }
}
