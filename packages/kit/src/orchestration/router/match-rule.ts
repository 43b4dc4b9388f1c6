import type { ConversationState, RoomContext, RoomEvent, RoutingConditions, RoutingPredicate } from '@parley/spec'
import { deepFreeze } from '../../store/deep-freeze.ts'

/** How long the predicates of one decision may take together. */
const PREDICATE_BUDGET_MS = 50

/** What predicates need beside the decision's own input. */
export interface PredicateServices {
  /** Predicates registered by name. */
  predicate?(name: string): Exclude<RoutingPredicate, { predicate: string }> | undefined
  monotonicMs?(): number
  /** Gets what a predicate threw. */
  report?(thrown: unknown): void
}

/** Runs the predicates of one decision. */
export type PredicateRunner = (custom: RoutingPredicate) => boolean

/**
 * A runner for one decision: predicates get frozen copies, one that throws or is unknown does not match and is reported,
 * and after 50 ms in all no further one is run.
 */
export function createPredicateRunner(
  event: RoomEvent,
  context: RoomContext,
  state: ConversationState,
  services: PredicateServices,
): PredicateRunner {
  let given: { event: RoomEvent; context: RoomContext } | undefined
  let spentMs = 0
  return (custom) => {
    const run = typeof custom === 'function' ? custom : services.predicate?.(custom.predicate)
    if (run === undefined) return refuse(services, `No predicate of the name ${nameOf(custom)} is registered.`)
    if (spentMs > PREDICATE_BUDGET_MS)
      return refuse(services, 'The predicates of one routing decision took over 50 ms.')
    given ??= { event: frozenCopy(event), context: frozenCopy(onlyData(context)) }
    const startMs = services.monotonicMs?.() ?? 0
    try {
      const matches = run(given.event, given.context, state) === true
      spentMs += (services.monotonicMs?.() ?? 0) - startMs
      return spentMs > PREDICATE_BUDGET_MS
        ? refuse(services, 'The predicates of one routing decision took over 50 ms.')
        : matches
    } catch (thrown) {
      spentMs += (services.monotonicMs?.() ?? 0) - startMs
      services.report?.(thrown)
      return false
    }
  }
}

/** Whether all conditions that are set hold. An empty list never matches; no conditions always do. */
export function matchesConditions(
  conditions: RoutingConditions | undefined,
  event: RoomEvent,
  state: ConversationState,
  runPredicate: PredicateRunner,
): boolean {
  if (conditions === undefined) return true
  const { phases, channelTypes, intents, sourceChannelIds, languages, custom } = conditions
  if (phases !== undefined && !phases.includes(state.phase)) return false
  if (channelTypes !== undefined && !channelTypes.includes(event.source.channelType)) return false
  if (intents !== undefined && !includes(intents, event.metadata['intent'])) return false
  if (sourceChannelIds !== undefined && !includes(sourceChannelIds, event.source.channelId)) return false
  if (languages !== undefined && !includes(languages, languageOf(event, state))) return false
  return custom === undefined || runPredicate(custom)
}

function includes(list: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && list.includes(value)
}

/** The language a message is known to be in, else the conversation's. */
function languageOf({ content }: RoomEvent, state: ConversationState): string | undefined {
  return (content.type === 'text' ? content.language : undefined) ?? state.language
}

function refuse(services: PredicateServices, message: string): false {
  services.report?.(new Error(message))
  return false
}

function nameOf(custom: RoutingPredicate): string {
  return typeof custom === 'function' ? custom.name : custom.predicate
}

function frozenCopy<T>(value: T): T {
  return deepFreeze(structuredClone(value))
}

function onlyData({ room, bindings, participants, recentEvents }: RoomContext): RoomContext {
  return { room, bindings, participants, recentEvents }
}
