import type { Disposer, HandoffRequest, Instant, Room, RoomId } from '@parley/spec'
import type { OrchestrationInternals } from '../orchestration-internals.ts'
import { getConversationState } from '../state/room-state.ts'
import { answerUnanswered } from './answer-unanswered.ts'
import { changeMode } from './change-mode.ts'

/** What the agent is told that comes back because nobody was free. */
const NOBODY_FREE =
  '[Nobody was free to take over. Tell the person so, and offer to wait, to leave a message, or to be called back.]'

/** Waits for people, with one timer for all rooms. */
export interface HumanTimeouts {
  /** Sets or clears the time until which a room waits. */
  arm(roomId: RoomId, expiresAt: Instant | undefined): void
  /** Arms what a room says it waits for. */
  note(room: Room): void
  close(): void
}

/** Makes the timeouts of a kit. */
export function createHumanTimeouts(internals: () => OrchestrationInternals): HumanTimeouts {
  const due = new Map<RoomId, number>()
  let stop: Disposer | undefined
  let armedFor = Number.POSITIVE_INFINITY

  const schedule = (): void => {
    const { core } = internals()
    const next = Math.min(...due.values())
    if (next === armedFor) return
    stop?.()
    stop = undefined
    armedFor = next
    if (next === Number.POSITIVE_INFINITY || core.closing.aborted) return
    stop = core.clock.setTimer(Math.max(0, next - core.clock.now()), fire)
  }
  const fire = (): void => {
    const { core } = internals()
    armedFor = Number.POSITIVE_INFINITY
    stop = undefined
    const nowMs = core.clock.now()
    for (const [roomId, atMs] of due) {
      if (atMs > nowMs) continue
      due.delete(roomId)
      core.background('human', () => expire(internals(), roomId), { roomId })
    }
    schedule()
  }
  return {
    arm(roomId, expiresAt) {
      if (expiresAt === undefined) {
        if (!due.delete(roomId)) return
      } else {
        due.set(roomId, Date.parse(expiresAt))
      }
      schedule()
    },
    note(room) {
      const expiresAt = room.conversation?.human?.expiresAt
      if (expiresAt === undefined) return
      due.set(room.id, Date.parse(expiresAt))
      schedule()
    },
    close() {
      stop?.()
      stop = undefined
      due.clear()
    },
  }
}

/** Nobody came: the last agent goes on. Looked at again under the lock, so it happens once. */
async function expire(internals: OrchestrationInternals, roomId: RoomId): Promise<void> {
  const { core } = internals
  const room = await core.store.getRoom(roomId)
  if (room === null || room.status === 'closed' || room.status === 'archived') return
  const state = getConversationState(room)
  const isDue = ({ human }: typeof state): boolean =>
    human?.status === 'waiting' && human.expiresAt !== undefined && Date.parse(human.expiresAt) <= core.clock.now()
  // A pause ends with a look at the clock of its own.
  if (!isDue(state) || state.mode === 'paused') return
  const agentId = state.mode === 'agent' ? null : state.previousAgentId
  const by = { kind: 'system', id: 'human_timeout' } as const
  if (agentId === null) {
    const { before, after } = await changeMode(internals, roomId, {
      by,
      action: 'human_timeout',
      change: (present) =>
        isDue(present)
          ? present.with({ mode: present.mode === 'human' ? 'agent' : present.mode, human: undefined })
          : undefined,
    })
    if (before.mode === 'human' && after.mode === 'agent') await answerUnanswered(internals, roomId, 'human_mode')
    return
  }
  const handler = internals.handlerOf(room)
  const owned = handler.rules.owned.get(agentId)
  const former = state.phaseHistory.findLast(
    ({ toAgent, fromAgent }) => toAgent === null && fromAgent === agentId,
  )?.fromPhase
  const back = former !== undefined && (owned === undefined || owned.includes(former)) ? former : undefined
  const request: HandoffRequest = {
    targetAgentId: agentId,
    reason: 'nobody was free',
    summary: state.human?.reason ?? 'A person was asked for.',
    context: {},
    urgent: false,
    by,
    ...(back === undefined ? {} : { nextPhase: back }),
  }
  const result = await internals.handoffs.run({
    roomId,
    request,
    callerId: null,
    handler,
    // The conversation goes back to where it was: no stage has a say in that, and nothing new is asked for.
    rules: { ...handler.rules, contracts: {} },
    human: handler.human,
    opening: 'resume',
    notice: NOBODY_FREE,
    stillWanted: isDue,
    fromName: 'system',
  })
  // An agent that cannot answer any more leaves the room waiting for people.
  if (!result.accepted) await keepWaiting(internals, roomId)
}

async function keepWaiting(internals: OrchestrationInternals, roomId: RoomId): Promise<void> {
  await changeMode(internals, roomId, {
    by: { kind: 'system', id: 'human_timeout' },
    action: 'human_timeout_without_agent',
    change(state) {
      const { human } = state
      if (human?.status !== 'waiting' || human.expiresAt === undefined) return undefined
      const { expiresAt: _expired, ...kept } = human
      return state.with({ human: kept })
    },
  })
}
