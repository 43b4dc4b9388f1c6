import { checkOptions, ParleyError } from '@parley/spec'
import type {
  ChannelId,
  ConversationState,
  RoomContext,
  RoomEvent,
  RoutingDecision,
  RoutingRule,
  Visibility,
} from '@parley/spec'
import type { SyncHook } from '../../hooks/hook-engine.ts'
import { modify } from '../../hooks/hook-results.ts'
import type { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import { decideRouting, inOrder, selectPresent, type RoutingContext, type RoutingTable } from './decide.ts'
import { stamp } from './stamps.ts'
import { installRouter, type RouterInstallOptions } from './install-router.ts'

/** Options of a `ConversationRouter`. */
export interface ConversationRouterOptions {
  rules?: RoutingRule[]
  /** Asked when no rule matches. */
  defaultAgentId?: ChannelId
  /** Sees every message of people and agents. */
  supervisorId?: ChannelId
  /** Who is asked when nobody was found. @default 'everyone' */
  unmatched?: 'everyone' | 'nobody'
  /** Visibility of what the supervisor says as an observer. @default 'all' */
  observerVisibility?: Visibility
}

const routerOptions = ['rules', 'defaultAgentId', 'supervisorId', 'unmatched', 'observerVisibility'] as const
const ruleKeys = ['agentId', 'conditions', 'priority', 'name'] as const
const conditionKeys = ['phases', 'channelTypes', 'intents', 'sourceChannelIds', 'languages', 'custom'] as const

/**
 * Decides which agent is asked about an event: explicit address, the active agent, rules by ascending priority, the
 * default agent. Deciding takes no I/O.
 * @throws {ParleyError} `routing_invalid`, `invalid_options`
 */
export class ConversationRouter {
  readonly rules: readonly RoutingRule[]
  readonly defaultAgentId: ChannelId | undefined
  readonly supervisorId: ChannelId | undefined
  readonly unmatched: 'everyone' | 'nobody'
  readonly observerVisibility: Visibility
  readonly #table: RoutingTable

  constructor(options: ConversationRouterOptions = {}) {
    checkOptions('ConversationRouter', options, routerOptions)
    const { rules = [], defaultAgentId, supervisorId, unmatched = 'everyone', observerVisibility = 'all' } = options
    for (const [position, rule] of rules.entries()) checkRule(rule, `rules.${position}`)
    this.rules = [...rules]
    this.defaultAgentId = defaultAgentId
    this.supervisorId = supervisorId
    this.unmatched = unmatched
    this.observerVisibility = observerVisibility
    this.#table = { rules: inOrder(rules), defaultAgentId, supervisorId }
  }

  /** The agent for an event by stickiness, rules and default; null for events of agents or when nobody is found. */
  selectAgent(event: RoomEvent, context: RoomContext | RoutingContext, state: ConversationState): ChannelId | null {
    return selectPresent(this.#table, event, context, state)
  }

  /** The whole decision: who is asked, who observes, and why others were passed over. */
  decide(event: RoomEvent, context: RoomContext | RoutingContext, state: ConversationState): RoutingDecision {
    const decision = decideRouting(this.#table, event, context, state)
    if (decision.reason !== 'unrouted' || this.unmatched === 'everyone') return decision
    // An empty list of targets is what tells "nobody" from "all who see it".
    return { ...decision, targets: [] }
  }

  /** The router as a `beforeBroadcast` hook; register it with `{ priority: -100, live: 'pass' }`. It stamps `event.routing` only. */
  asHook(): SyncHook<'beforeBroadcast'> {
    const conversationRouter: SyncHook<'beforeBroadcast'> = (
      { event, room, bindings, participants, state },
      context,
    ) => {
      const routing = this.decide(
        event,
        {
          room,
          bindings,
          participants,
          recentEvents: [],
          ...(context.channel === undefined ? {} : { channel: context.channel }),
          monotonicMs: () => context.clock.monotonicMs(),
          report: () => context.log.warn('A routing predicate failed.', { roomId: room.id }),
        },
        state,
      )
      return modify({ ...event, routing: stamp(routing) })
    }
    return conversationRouter
  }

  /**
   * Installs routing and handoff in one call, for one room or for all that have no orchestration of their own.
   * @throws {ParleyError} `router_already_installed`, `alias_invalid`
   */
  install(
    kit: OrchestrationHost,
    agents: readonly OrchestratedAgent[],
    options: RouterInstallOptions = {},
  ): HandoffHandler {
    return installRouter(this, kit, agents, options)
  }
}

function checkRule(rule: RoutingRule, path: string): void {
  if (typeof rule !== 'object' || rule === null) throw invalid(path, 'a rule with agentId')
  const unknownKey = Object.keys(rule).find((key) => !isOneOf(ruleKeys, key))
  if (unknownKey !== undefined) throw invalid(`${path}.${unknownKey}`, `one of ${ruleKeys.join(', ')}`)
  if (typeof rule.agentId !== 'string' || rule.agentId === '') throw invalid(`${path}.agentId`, 'the id of an agent')
  if (rule.priority !== undefined && !Number.isFinite(rule.priority))
    throw invalid(`${path}.priority`, 'a finite number')
  const unknownCondition = Object.keys(rule.conditions ?? {}).find((key) => !isOneOf(conditionKeys, key))
  if (unknownCondition !== undefined) {
    throw invalid(`${path}.conditions.${unknownCondition}`, `one of ${conditionKeys.join(', ')}`)
  }
}

function isOneOf(known: readonly string[], key: string): boolean {
  return known.includes(key)
}

function invalid(path: string, expected: string): ParleyError {
  return new ParleyError({
    code: 'routing_invalid',
    message: `The routing rules are wrong at ${path}: expected ${expected}.`,
    details: { path, expected },
  })
}
