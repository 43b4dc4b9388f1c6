import type { ChannelId, RoutingPredicate, RoutingRule } from '@parley/spec'
import type { OrchestrationDefinition, RestoreDefinition } from '../definitions/definition.ts'
import { ConversationRouter } from './conversation-router.ts'
import { OWN_PREDICATE, routerDefinition } from './install-router.ts'

/** A router as a room stored it; the shape is what `routerSpec` wrote. */
interface StoredRouter {
  rules: RoutingRule[]
  defaultAgentId?: ChannelId
  supervisorId?: ChannelId
  unmatched?: 'everyone' | 'nobody'
  observerVisibility?: ConversationRouter['observerVisibility']
  agentIds: ChannelId[]
  agentAliases: Record<string, string>
  phaseMap: Record<ChannelId, string>
  contracts: string[]
  hookPriority?: number
}

/** Builds a router's definition from what a room stored; its bare functions come from the registered one. */
export const restoreRouter: RestoreDefinition = (stored, { kit, registered }) => {
  // Written by `routerSpec` of this or an earlier process; the router's own checks refuse anything else.
  const spec = stored.spec as unknown as StoredRouter
  const missing = spec.rules.some(
    (rule, position) => needsOwn(rule) && ownPredicate(registered, position) === undefined,
  )
  const contracts = registered?.handler?.rules.contracts ?? {}
  if (missing || spec.contracts.some((phase) => contracts[phase] === undefined)) return { missing: stored.id }
  const rules = spec.rules.map((rule, position) => {
    const custom = needsOwn(rule) ? ownPredicate(registered, position) : undefined
    return custom === undefined ? rule : { ...rule, conditions: { ...rule.conditions, custom } }
  })
  const { defaultAgentId, supervisorId, unmatched, observerVisibility } = spec
  const router = new ConversationRouter({
    rules,
    ...(defaultAgentId === undefined ? {} : { defaultAgentId }),
    ...(supervisorId === undefined ? {} : { supervisorId }),
    ...(unmatched === undefined ? {} : { unmatched }),
    ...(observerVisibility === undefined ? {} : { observerVisibility }),
  })
  return routerDefinition(kit, router, {
    id: stored.id,
    spec: stored.spec,
    agents: Object.values(registered?.handler?.agents ?? {}),
    agentIds: spec.agentIds,
    agentAliases: spec.agentAliases,
    phaseMap: spec.phaseMap,
    contracts: Object.fromEntries(Object.entries(contracts).filter(([phase]) => spec.contracts.includes(phase))),
    hookPriority: spec.hookPriority,
  })
}

function needsOwn({ conditions }: RoutingRule): boolean {
  const custom = conditions?.custom
  return typeof custom === 'object' && custom.predicate.startsWith(OWN_PREDICATE)
}

function ownPredicate(
  registered: OrchestrationDefinition | undefined,
  position: number,
): Exclude<RoutingPredicate, { predicate: string }> | undefined {
  const custom = registered?.router.rules[position]?.conditions?.custom
  return typeof custom === 'function' ? custom : undefined
}
