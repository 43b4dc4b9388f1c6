import { ParleyError } from '@parley/spec'
import type {
  HandoffActor,
  HandoffRequest,
  HandoffResult,
  Instant,
  Json,
  OrganizationId,
  ParticipantId,
  RoomId,
} from '@parley/spec'
import { existingRoom } from '../../rooms/read-log.ts'
import { HUMAN } from '../handoff/handoff-rules.ts'
import { ESCALATION_PHASE } from '../handoff/derive-phase.ts'
import { boundedText, REASON_LIMIT, SUMMARY_LIMIT } from '../handoff/parse-handoff.ts'
import { reject } from '../handoff/rejections.ts'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import { openRooms } from '../definitions/migrate.ts'
import { getConversationState } from '../state/room-state.ts'
import { changeMode } from './change-mode.ts'
import { setCoach } from './coach.ts'
import type { CoachMode } from './human-options.ts'
import { answerUnanswered } from './answer-unanswered.ts'

/** A room that waits for a person, as the desk lists it. */
export interface QueueEntry {
  roomId: RoomId
  organizationId?: OrganizationId
  status: 'waiting' | 'active'
  requestedAt: Instant
  requestedBy: string
  urgency: 'normal' | 'high'
  reason: string
  payload?: Json
  claimedBy?: ParticipantId
  expiresAt?: Instant
  /** Since it was asked for. */
  waitingMs: number
}

/** What a request for a person says. */
export interface HumanRequest {
  reason: string
  urgency?: 'normal' | 'high'
  payload?: Json
  /** @default the reason */
  summary?: string
}

/** What handing back says. */
export interface HandBack {
  target: string
  payload?: Json
  /** What the person did. */
  note?: string
  phase?: string
}

/** People in conversations: asked for, claiming, taking over, handing back. */
export interface HumanDesk {
  request(
    roomId: RoomId,
    request: HumanRequest,
    options: { by: HandoffActor; signal?: AbortSignal },
  ): Promise<HandoffResult>
  /** Urgent ones first, then the longest waiting; claimed ones are not in it. */
  queue(options?: { organizationId?: OrganizationId; limit?: number }): Promise<QueueEntry[]>
  /** @throws {ParleyError} `human_not_waiting` */
  claim(roomId: RoomId, participantId: ParticipantId): Promise<{ ok: true } | { ok: false; takenBy: ParticipantId }>
  takeover(
    roomId: RoomId,
    participantId: ParticipantId,
    options?: { reason?: string; stop?: 'now' | 'sentence' },
  ): Promise<HandoffResult>
  /** @throws {ParleyError} `human_not_claimed` */
  handBack(roomId: RoomId, back: HandBack, options: { by: HandoffActor; signal?: AbortSignal }): Promise<HandoffResult>
  pause(roomId: RoomId, options: { by: HandoffActor; reason?: string }): Promise<void>
  resume(roomId: RoomId, options: { by: HandoffActor }): Promise<void>
  /** @throws {ParleyError} `forbidden` */
  coach(roomId: RoomId, participantId: ParticipantId, mode: CoachMode): Promise<void>
}

/** How long a speaker may go on to a sentence's end. */
const SENTENCE_MS = 2_000

/** Makes the desk of a kit. */
export function createHumanDesk(internals: OrchestrationInternals): HumanDesk {
  return {
    request: (roomId, request, options) => requestHuman(internals, roomId, request, options),
    queue: (options) => listQueue(internals, options),
    claim: (roomId, participantId) => claim(internals, roomId, participantId),
    takeover: (roomId, participantId, options) => takeover(internals, roomId, participantId, options),
    handBack: (roomId, back, options) => handBack(internals, roomId, back, options),
    async pause(roomId, { by, reason }) {
      await changeMode(internals, roomId, {
        by,
        reason,
        action: 'paused',
        change: (state) => (state.mode === 'paused' ? undefined : state.with({ mode: 'paused' })),
      })
    },
    async resume(roomId, { by }) {
      const { before, after } = await changeMode(internals, roomId, {
        by,
        action: 'resumed',
        // Whoever had the conversation before has it again.
        change: (state) => {
          if (state.mode !== 'paused') return undefined
          return state.with({ mode: state.human !== undefined && state.activeAgentId === null ? 'human' : 'agent' })
        },
      })
      if (before.mode === 'paused' && after.mode === 'agent') await answerUnanswered(internals, roomId, 'paused')
    },
    coach: (roomId, participantId, mode) => setCoach(internals, roomId, participantId, mode),
  }
}

async function requestHuman(
  internals: OrchestrationInternals,
  roomId: RoomId,
  { reason, urgency = 'normal', payload, summary }: HumanRequest,
  { by, signal }: { by: HandoffActor; signal?: AbortSignal },
): Promise<HandoffResult> {
  const room = await existingRoom(internals.core, roomId)
  const request: HandoffRequest = {
    targetAgentId: HUMAN,
    reason: boundedText(reason, REASON_LIMIT),
    summary: boundedText(summary ?? reason, SUMMARY_LIMIT),
    context: {},
    urgent: urgency === 'high',
    by,
    ...(payload === undefined ? {} : { payload }),
  }
  const callerId = by.kind === 'agent' ? by.id : null
  return internals.handlerOf(room).request(roomId, request, { callerId, signal })
}

async function listQueue(
  internals: OrchestrationInternals,
  { organizationId, limit = 100 }: { organizationId?: OrganizationId; limit?: number } = {},
): Promise<QueueEntry[]> {
  const { core } = internals
  const waiting: QueueEntry[] = []
  const nowMs = core.clock.now()
  // While an agent goes on beside the request the mode is not `human`.
  const filter = {
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(internals.waitsBeside ? {} : { mode: 'human' }),
  }
  for await (const room of openRooms(core, filter)) {
    if (room.conversation?.human === undefined) continue
    const { human } = getConversationState(room)
    if (human?.status !== 'waiting') continue
    waiting.push({
      ...human,
      roomId: room.id,
      waitingMs: Math.max(0, nowMs - Date.parse(human.requestedAt)),
      ...(room.organizationId === undefined ? {} : { organizationId: room.organizationId }),
    })
  }
  const urgentFirst = (entry: QueueEntry): number => (entry.urgency === 'high' ? 0 : 1)
  return waiting
    .toSorted(
      (one, other) =>
        urgentFirst(one) - urgentFirst(other) || Date.parse(one.requestedAt) - Date.parse(other.requestedAt),
    )
    .slice(0, limit)
}

async function claim(
  internals: OrchestrationInternals,
  roomId: RoomId,
  participantId: ParticipantId,
): Promise<{ ok: true } | { ok: false; takenBy: ParticipantId }> {
  const { core } = internals
  const handler = internals.handlerOf(await existingRoom(internals.core, roomId))
  const { after } = await changeMode(internals, roomId, {
    by: { kind: 'person', id: participantId },
    action: 'claimed',
    endTurns: 'handedOff',
    except: handler.rules.supervisorId,
    change(state) {
      const { human } = state
      if (human === undefined) throw notWaiting(roomId)
      if (human.status === 'active') return undefined
      const { expiresAt: _expired, ...asked } = human
      const claimed = { ...asked, status: 'active' as const, claimedBy: participantId, claimedAt: core.now() }
      if (state.mode !== 'agent') return state.with({ human: claimed })
      const phase = handler.rules.owned.get(HUMAN)?.[0] ?? ESCALATION_PHASE
      return state
        .transition(phase, { toAgent: null, reason: human.reason, at: core.now() })
        .with({ mode: 'human', human: claimed, handoff: undefined })
    },
    records: (locked) => [
      core.systemDraft(locked.room, {
        type: 'system',
        content: {
          type: 'system',
          code: 'human_claimed',
          text: 'A person took the conversation.',
          data: { participantId },
        },
        visibility: 'internal',
      }),
    ],
  })
  const takenBy = after.human?.claimedBy
  if (takenBy === undefined || takenBy === participantId) return { ok: true }
  return { ok: false, takenBy }
}

async function takeover(
  internals: OrchestrationInternals,
  roomId: RoomId,
  participantId: ParticipantId,
  { reason = 'takeover', stop = 'now' }: { reason?: string; stop?: 'now' | 'sentence' } = {},
): Promise<HandoffResult> {
  const room = await existingRoom(internals.core, roomId)
  const handler = internals.handlerOf(room)
  const request: HandoffRequest = {
    targetAgentId: HUMAN,
    reason: boundedText(reason, REASON_LIMIT),
    summary: boundedText(reason, REASON_LIMIT),
    context: {},
    urgent: false,
    by: { kind: 'person', id: participantId },
  }
  return internals.handoffs.run({
    roomId,
    request,
    callerId: null,
    handler,
    // A person takes over whatever the stages say.
    rules: { ...handler.rules, allowHuman: true, contracts: {} },
    human: handler.human,
    opening: 'silent',
    claim: participantId,
    endTurns: 'aborted',
    beforeEnd: stop === 'sentence' ? () => idleWithin(internals, roomId, SENTENCE_MS) : undefined,
    announce: handler.announce,
    fromName: participantId,
  })
}

/** Waits until nobody speaks, at most so long. */
async function idleWithin({ core }: OrchestrationInternals, roomId: RoomId, limitMs: number): Promise<void> {
  let cancel = (): void => {}
  const late = new Promise<void>((resolve) => (cancel = core.clock.setTimer(limitMs, resolve)))
  try {
    await Promise.race([core.turns.idle(roomId), late])
  } finally {
    cancel()
  }
}

async function handBack(
  internals: OrchestrationInternals,
  roomId: RoomId,
  { target, payload, note = '', phase }: HandBack,
  { by, signal }: { by: HandoffActor; signal?: AbortSignal },
): Promise<HandoffResult> {
  const room = await existingRoom(internals.core, roomId)
  const state = getConversationState(room)
  const mayHandBack = by.kind === 'code' || by.kind === 'system' || state.human?.claimedBy === by.id
  if (state.human === undefined || !mayHandBack) throw notClaimed(roomId, by.id)
  if (target === HUMAN) return reject('handoff_to_self')
  const handler = internals.handlerOf(room)
  const participant = await internals.core.store.participants.get(roomId, by.id)
  const said = boundedText(note, SUMMARY_LIMIT)
  const request: HandoffRequest = {
    targetAgentId: target,
    reason: 'handed back',
    summary: said === '' ? 'A colleague spoke with the person and hands the conversation back.' : said,
    context: {},
    urgent: false,
    by,
    ...(payload === undefined ? {} : { payload }),
    ...(phase === undefined ? {} : { nextPhase: phase }),
  }
  return internals.handoffs.run({
    roomId,
    request,
    callerId: null,
    handler,
    rules: handler.rules,
    human: handler.human,
    opening: 'resume',
    announce: handler.announce,
    signal,
    fromName: participant?.displayName ?? by.id,
  })
}

function notWaiting(roomId: RoomId): ParleyError {
  return new ParleyError({
    code: 'human_not_waiting',
    message: `Room ${roomId} is not waiting for a person. Take it over with kit.takeover() instead.`,
    details: { roomId },
  })
}

function notClaimed(roomId: RoomId, by: string): ParleyError {
  return new ParleyError({
    code: 'human_not_claimed',
    message: `Room ${roomId} is not held by ${by}, so it cannot be handed back. Claim it or take it over first.`,
    details: { roomId, by },
  })
}
