import { createBudget, type Channel, type RoomContext, type TurnContext, type TurnEnd, type TurnId } from '@parley/spec'
import type { KitParts } from '../core/kit-parts.ts'
import type { Steering } from '../core/turn-services.ts'
import type { TurnRequest } from '../core/turns.ts'
import { getConversationState } from '../orchestration/state/room-state.ts'
import type { CascadeRun } from './cascades.ts'
import type { TurnRuntime } from './create-services.ts'

/** How a turn that was stopped from outside is told so. */
export class TurnStopped extends Error {
  readonly end: TurnEnd
  constructor(end: TurnEnd, cause: unknown) {
    super(`The turn was ended: ${end}.`, { cause })
    this.end = end
  }
}

/** A turn and what ends it. */
export interface OpenTurn {
  readonly turn: TurnRuntime
  readonly stop: AbortController
  /** Ends the turn and leaves its tools at work. */
  readonly yielder: AbortController
  readonly steering: Exclude<Steering, { type: 'cancel' | 'yield' }>[]
}

/** Opens a turn; nothing of it has run. */
export function openTurn(parts: KitParts, request: TurnRequest, cascade?: CascadeRun): OpenTurn {
  const turnId: TurnId = parts.ids.next('turn')
  const stop = new AbortController()
  const yielder = new AbortController()
  const steering: OpenTurn['steering'] = []
  const turn: TurnRuntime = {
    turnId,
    request,
    triggers: [...(request.earlier ?? []), request.trigger],
    signal: stop.signal,
    startedMs: parts.clock.monotonicMs(),
    isReleased: false,
    openCalls: new Map(),
    suspended: 0,
    steering,
    yielded: yielder.signal,
    isSpoken: false,
    cascade,
  }
  return { turn, stop, yielder, steering }
}

/** What an agent is told of its turn. */
export function toTurnContext(parts: KitParts, turn: TurnRuntime, channel: Channel, context: RoomContext): TurnContext {
  const { request, turnId, signal } = turn
  const { room, participants } = context
  const language = parts.orchestration.language(room, request.agentId)
  const participant = participants.find(({ id }) => id === request.trigger.source.participantId)
  return {
    room: parts.handle(room.id),
    event: request.trigger,
    agentId: request.agentId,
    turnId,
    state: getConversationState(room),
    signal,
    budget:
      parts.orchestration.budget?.(room.id)?.child('turn', turnId, budgetOf(channel)) ??
      createBudget('turn', turnId, budgetOf(channel), { clock: parts.clock }),
    clock: parts.clock,
    deps: 'deps' in channel && channel.deps !== undefined ? channel.deps : parts.deps,
    ...(room.sessionId === undefined ? {} : { sessionId: room.sessionId }),
    ...(participant === undefined ? {} : { participant }),
    ...(language === undefined ? {} : { language }),
  }
}

function budgetOf(channel: Channel): { maxCostUsd?: number } {
  const budget = 'budget' in channel ? channel.budget : undefined
  // An agent's own budget was checked when the agent was made.
  return typeof budget === 'object' && budget !== null ? (budget as { maxCostUsd?: number }) : {}
}
