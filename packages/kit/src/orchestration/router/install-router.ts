import { checkOptions } from '@parley/spec'
import type { ChannelId, HandoffContract, Json, RoomId, RoutingRule } from '@parley/spec'
import { derivedId, type OrchestrationDefinition } from '../definitions/definition.ts'
import { HandoffHandler } from '../handoff/handoff-handler.ts'
import type { OrchestratedAgent } from '../orchestrated-agent.ts'
import { installDefinition } from '../definitions/install-definition.ts'
import type { OrchestrationHost } from '../orchestration-host.ts'
import type { ConversationRouter } from './conversation-router.ts'

/** Options of `ConversationRouter.install`. */
export interface RouterInstallOptions {
  agentAliases?: Record<string, string>
  /** Agent to the phase a handoff to it leads to. */
  phaseMap?: Record<ChannelId, string>
  /** @default -100 */
  hookPriority?: number
  /** For this room alone; stored with it. */
  roomId?: RoomId
  /** @default made of the rules */
  id?: string
  /** Of the definition. @default one more than the last registered with other rules */
  version?: number
  /** Takes the place of another kit-wide router. @default false */
  replace?: boolean
  contracts?: Record<string, HandoffContract>
}

const installOptions = [
  'agentAliases',
  'phaseMap',
  'hookPriority',
  'roomId',
  'id',
  'version',
  'replace',
  'contracts',
] as const

/** Builds the handler and installs both. */
export function installRouter(
  router: ConversationRouter,
  kit: OrchestrationHost,
  agents: readonly OrchestratedAgent[],
  options: RouterInstallOptions,
): HandoffHandler {
  checkOptions('install', options, installOptions)
  const { agentAliases = {}, phaseMap = {}, contracts = {}, hookPriority } = options
  const agentIds = agents.map(({ channelId }) => channelId)
  const spec = routerSpec(router, { agentAliases, phaseMap, agentIds, contracts, hookPriority })
  const id = options.id ?? derivedId('router', spec)
  const definition = routerDefinition(kit, router, {
    id,
    spec,
    agents,
    agentAliases,
    phaseMap,
    contracts,
    hookPriority,
  })
  return installDefinition(kit, definition, agents, options)
}

interface RouterParts {
  id: string
  spec: Json
  agents: readonly OrchestratedAgent[]
  agentIds?: readonly ChannelId[]
  agentAliases: Record<string, string>
  phaseMap: Record<ChannelId, string>
  contracts: Record<string, HandoffContract>
  hookPriority: number | undefined
}

/** The definition behind a router, for one kit. */
export function routerDefinition(
  kit: OrchestrationHost,
  router: ConversationRouter,
  { id, spec, agents, agentIds, agentAliases, phaseMap, contracts, hookPriority }: RouterParts,
): OrchestrationDefinition & { handler: HandoffHandler } {
  const handler = new HandoffHandler(kit, router, { agentAliases, phaseMap, contracts, scope: `definition:${id}` })
  handler.agents = Object.fromEntries(agents.map((agent) => [agent.channelId, agent]))
  return {
    kind: 'router',
    id,
    spec,
    router,
    handler,
    agentIds: agentIds ?? agents.map(({ channelId }) => channelId),
    ...(hookPriority === undefined ? {} : { hookPriority }),
  }
}

/** What a room stores of a router: bare functions are named by their place. */
function routerSpec(
  { rules, defaultAgentId, supervisorId, unmatched, observerVisibility }: ConversationRouter,
  given: Pick<RouterParts, 'agentAliases' | 'phaseMap' | 'contracts' | 'hookPriority'> & {
    agentIds: readonly ChannelId[]
  },
): Json {
  const stored = {
    rules: rules.map((rule, position) => storedRule(rule, position)),
    defaultAgentId,
    supervisorId,
    unmatched,
    observerVisibility,
    agentIds: given.agentIds,
    agentAliases: given.agentAliases,
    phaseMap: given.phaseMap,
    contracts: Object.keys(given.contracts),
    hookPriority: given.hookPriority,
  }
  // Plain data through and through; this drops what is undefined.
  return JSON.parse(JSON.stringify(stored)) as Json
}

/** How a bare function of a rule is named in what is stored. */
export const OWN_PREDICATE = 'definition:rule-'

function storedRule(rule: RoutingRule, position: number): RoutingRule {
  const { conditions } = rule
  if (typeof conditions?.custom !== 'function') return rule
  return { ...rule, conditions: { ...conditions, custom: { predicate: `${OWN_PREDICATE}${position}` } } }
}
