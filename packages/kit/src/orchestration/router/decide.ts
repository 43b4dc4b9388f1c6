import type {
  ChannelId,
  ConversationState,
  RoomContext,
  RoomEvent,
  RoutingDecision,
  RoutingRule,
  SkippedCandidate,
} from '@parley/spec'
import { createPredicateRunner, matchesConditions, type PredicateServices } from './match-rule.ts'
import { absence, type ChannelLookup } from './presence.ts'

/** What a decision is made on: the room, and what the kit knows beyond it. */
export interface RoutingContext extends Pick<RoomContext, 'room'>, PredicateServices {
  bindings: readonly RoomContext['bindings'][number][]
  participants: readonly RoomContext['participants'][number][]
  recentEvents: readonly RoomEvent[]
  channel?: ChannelLookup
}

/** A router's rules, in the order they are tried. */
export interface RoutingTable {
  readonly rules: readonly RoutingRule[]
  readonly defaultAgentId: ChannelId | undefined
  readonly supervisorId: ChannelId | undefined
}

interface Selection {
  target: ChannelId | null
  reason: 'sticky' | 'rule' | 'default' | 'unrouted'
  rule?: string
}

/** Orders rules by ascending priority, ties as they were declared. */
export function inOrder(rules: readonly RoutingRule[]): RoutingRule[] {
  return rules.toSorted((one, other) => (one.priority ?? 0) - (other.priority ?? 0))
}

/** Decides who is asked about an event. Pure: the same input gives the same decision. */
export function decideRouting(
  table: RoutingTable,
  event: RoomEvent,
  context: RoutingContext,
  state: ConversationState,
): RoutingDecision {
  const skipped: SkippedCandidate[] = []
  const isPresent = presenceCheck(context, skipped)
  const observers = (except: readonly ChannelId[]): ChannelId[] => {
    const { supervisorId } = table
    if (supervisorId === undefined || except.includes(supervisorId) || event.source.channelId === supervisorId)
      return []
    return isPresent(supervisorId) ? [supervisorId] : []
  }
  if (asksNobody(event)) return { target: null, observers: [], reason: 'internal', skipped }
  if (state.mode === 'paused') return { target: null, observers: [], reason: 'paused', skipped }
  if (state.mode === 'human') return { target: null, observers: observers([]), reason: 'human_mode', skipped }
  if (event.addressedTo !== null) {
    const targets = [...new Set(event.addressedTo)].filter(
      (agentId) => agentId !== event.source.channelId && isPresent(agentId),
    )
    return { target: targets[0] ?? null, observers: observers(targets), reason: 'addressed', skipped, targets }
  }
  if (event.source.kind === 'agent') return { target: null, observers: observers([]), reason: 'agent_source', skipped }
  const { target, reason, rule } = select(table, event, context, state, isPresent)
  const seen = observers(target === null ? [] : [target])
  return { target, observers: seen, reason, skipped, ...(rule === undefined ? {} : { rule }) }
}

/** The documented choice: the active agent, else the first matching rule, else the default; null for agents' events. */
export function selectPresent(
  table: RoutingTable,
  event: RoomEvent,
  context: RoutingContext,
  state: ConversationState,
): ChannelId | null {
  if (event.source.kind === 'agent') return null
  return select(table, event, context, state, presenceCheck(context, [])).target
}

function select(
  table: RoutingTable,
  event: RoomEvent,
  context: RoutingContext,
  state: ConversationState,
  isPresent: (agentId: ChannelId) => boolean,
): Selection {
  const { activeAgentId } = state
  if (activeAgentId !== null && isPresent(activeAgentId)) return { target: activeAgentId, reason: 'sticky' }
  const runPredicate = createPredicateRunner(event, toRoomContext(context), state, context)
  for (const [position, rule] of table.rules.entries()) {
    if (!matchesConditions(rule.conditions, event, state, runPredicate)) continue
    if (isPresent(rule.agentId))
      return { target: rule.agentId, reason: 'rule', rule: rule.name ?? `${position}:${rule.agentId}` }
  }
  const { defaultAgentId } = table
  if (defaultAgentId !== undefined && isPresent(defaultAgentId)) return { target: defaultAgentId, reason: 'default' }
  return { target: null, reason: 'unrouted' }
}

/** Looks at each candidate once and keeps why one was passed over. */
function presenceCheck(
  { bindings, channel }: RoutingContext,
  skipped: SkippedCandidate[],
): (agentId: ChannelId) => boolean {
  return (agentId) => {
    const why = absence(agentId, bindings, channel)
    if (why === undefined) return true
    if (!skipped.some((candidate) => candidate.agentId === agentId)) skipped.push({ agentId, why })
    return false
  }
}

function asksNobody({ type, content, visibility, source, addressedTo }: RoomEvent): boolean {
  if (type !== 'message' && type !== 'dtmf') return true
  if (content.type === 'system' || content.type === 'note') return true
  if (visibility === 'internal' || visibility === 'none') return true
  // The kit's own lines ask nobody, unless code named who should answer.
  return source.kind === 'system' && (addressedTo === null || addressedTo.length === 0)
}

function toRoomContext({ room, bindings, participants, recentEvents }: RoutingContext): RoomContext {
  return { room, bindings: [...bindings], participants: [...participants], recentEvents: [...recentEvents] }
}
