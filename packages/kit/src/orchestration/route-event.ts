import { ParleyError, type ConversationState, type RoomEvent, type RoutingDecision } from '@parley/spec'
import type { HookMap } from '../hooks/hook-map.ts'
import { modify, type SyncHookResult } from '../hooks/hook-results.ts'
import { coached } from './human/coach-routing.ts'
import type { OrchestrationInternals, RoomReading } from './orchestration-internals.ts'
import type { OrchestrationDefinition } from './definitions/definition.ts'
import { initialState } from './definitions/install-in-room.ts'
import { ConversationRouter } from './router/conversation-router.ts'
import type { RoutingContext } from './router/decide.ts'
import { stamp } from './router/stamps.ts'
import { getConversationState } from './state/room-state.ts'

const plainRouter = new ConversationRouter()

type Payload = HookMap['beforeBroadcast']['payload']

/** The state an event is decided on: the stored one, else where the room's definition begins. */
export function presentState(internals: OrchestrationInternals, room: RoomReading['room']): ConversationState {
  if (room.conversation !== undefined) return getConversationState(room)
  const found = internals.definitions.of(room)
  const initial = found !== undefined && 'definition' in found ? found.definition.initial : undefined
  return initial === undefined ? getConversationState(room) : initialState(initial, internals.core.now())
}

/** How the stamp of an event names the strategy that took it over. */
function takenOverRule({ kind, id }: OrchestrationDefinition): string {
  return `${kind}:${id}`
}

/** Decides by the room's router; undefined where a plain room's own rule holds. */
export function decideFor(
  internals: OrchestrationInternals,
  reading: RoomReading,
  event: RoomEvent,
  state: ConversationState,
  predicates: (name: string) => RoutingContext['predicate'] extends ((name: string) => infer R) | undefined ? R : never,
): RoutingDecision | undefined {
  const found = internals.definitions.of(reading.room)
  if (found !== undefined && 'missing' in found) return missing(internals, reading, event, found.missing)
  if (found !== undefined && found.definition.takesOver?.(event, state) === true && state.mode === 'agent') {
    return {
      target: null,
      observers: [],
      reason: 'addressed',
      rule: takenOverRule(found.definition),
      skipped: [],
      targets: [],
    }
  }
  const { core } = internals
  const context: RoutingContext = {
    ...reading,
    recentEvents: [],
    channel: (channelId) => core.registry.get(channelId),
    monotonicMs: () => core.clock.monotonicMs(),
    predicate: predicates,
    report: (thrown) => core.reportError(thrown, { stage: 'routing', roomId: reading.room.id, eventId: event.id }),
  }
  const router = found?.definition.router ?? plainRouter
  const decision = router.decide(event, context, state)
  // Without a router only the state's own word counts: mode and active agent.
  return found === undefined && !isOfState(decision, state) ? undefined : decision
}

function isOfState({ reason }: RoutingDecision, { activeAgentId }: ConversationState): boolean {
  if (reason === 'human_mode' || reason === 'paused' || reason === 'sticky') return true
  return reason === 'agent_source' && activeAgentId !== null
}

function missing(
  { core }: OrchestrationInternals,
  { room }: RoomReading,
  event: RoomEvent,
  id: string,
): RoutingDecision {
  const error = new ParleyError({
    code: 'orchestration_missing',
    message: `Room ${room.id} needs "${id}", which this process does not have. Register it; the room goes on by itself.`,
    details: { roomId: room.id, missing: id },
  })
  core.reportError(error, { stage: 'routing', roomId: room.id, eventId: event.id })
  return { target: null, observers: [], reason: 'orchestration_missing', rule: id, skipped: [] }
}

/** The routing hook: stamps the decision of the room's router on the event. */
export function routeEvent(
  internals: OrchestrationInternals,
  { event, room, bindings, participants }: Pick<Payload, 'event' | 'room' | 'bindings' | 'participants'>,
  predicates: Parameters<typeof decideFor>[4],
): SyncHookResult<'beforeBroadcast'> {
  const reading = { room, bindings, participants }
  let state: ConversationState
  try {
    state = presentState(internals, room)
  } catch (thrown) {
    internals.core.reportError(thrown, { stage: 'routing', roomId: room.id, eventId: event.id })
    const routing: RoutingDecision = {
      target: null,
      observers: [],
      reason: 'orchestration_missing',
      rule: 'state_invalid',
      skipped: [],
    }
    return modify({ ...event, routing: stamp(routing) })
  }
  const beside = coached(state, event, participants)
  if (beside !== undefined) return beside
  const routing = decideFor(internals, reading, event, state, predicates)
  return routing === undefined ? undefined : modify({ ...event, routing: stamp(routing) })
}
