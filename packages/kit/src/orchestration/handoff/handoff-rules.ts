import { ParleyError } from '@parley/spec'
import type { ChannelId, HandoffContract, PipelineStage } from '@parley/spec'

/** The name under which a person is asked for. */
export const HUMAN = 'human'

/** What is fixed about handoffs in a room, resolved once. */
export interface HandoffRules {
  /** Names to ids; resolved to the end. */
  readonly aliases: ReadonlyMap<string, ChannelId>
  /** Agent to the first phase it owns. */
  readonly phaseMap: Readonly<Record<ChannelId, string>>
  /** Agent to all phases it owns, in order. */
  readonly owned: ReadonlyMap<ChannelId, readonly string[]>
  /** Phase to phases: `next` first, then `canReturnTo`. Absent: no limits. */
  readonly allowedTransitions: Readonly<Record<string, readonly string[]>> | undefined
  /** By phase. */
  readonly contracts: Readonly<Record<string, HandoffContract>>
  /** Agents that are valid without a binding. */
  readonly knownAgents: ReadonlySet<ChannelId>
  readonly stages: readonly PipelineStage[]
  /** Agent to those it may hand to; one that is not named may hand to all. */
  readonly allowedTargets: Readonly<Record<ChannelId, readonly ChannelId[]>>
  readonly supervisorId: ChannelId | undefined
  /** A person may be asked for. */
  readonly allowHuman: boolean
  /** Transition limits bind people too. */
  readonly enforceForPeople: boolean
  /** Handoffs without a word of a person. */
  readonly maxHandoffs: number | undefined
}

/** What rules are made of. */
export interface HandoffRulesOptions {
  agentAliases?: Record<string, string> | undefined
  phaseMap?: Record<ChannelId, string> | undefined
  allowedTransitions?: Record<string, readonly string[]> | undefined
  contracts?: Record<string, HandoffContract> | undefined
  knownAgents?: Iterable<ChannelId> | undefined
  stages?: readonly PipelineStage[] | undefined
  allowedTargets?: Readonly<Record<ChannelId, readonly ChannelId[]>> | undefined
  /** Ids that aliases may not shadow. */
  agentIds?: readonly ChannelId[] | undefined
  supervisorId?: ChannelId | undefined
  allowHuman?: boolean | undefined
  enforceForPeople?: boolean | undefined
  limits?: { maxHandoffsPerHumanEvent?: number } | undefined
}

/**
 * Prepares the rules of handoffs.
 * @throws {ParleyError} `alias_invalid` for an alias that shadows an id or leads round in a circle
 */
export function createHandoffRules(options: HandoffRulesOptions = {}): HandoffRules {
  const { stages = [], phaseMap = {}, contracts = {} } = options
  const owned = new Map<ChannelId, string[]>()
  for (const { agentId, phase } of stages) owned.set(agentId, [...(owned.get(agentId) ?? []), phase])
  for (const [agentId, phase] of Object.entries(phaseMap)) if (!owned.has(agentId)) owned.set(agentId, [phase])
  const ids = new Set([...(options.agentIds ?? []), ...owned.keys()])
  const staged = stages.flatMap(({ phase, contract }) => (contract === undefined ? [] : [[phase, contract] as const]))
  return {
    aliases: resolveAliases(options.agentAliases ?? {}, ids, options.supervisorId),
    phaseMap,
    owned,
    allowedTransitions: options.allowedTransitions,
    contracts: { ...Object.fromEntries(staged), ...contracts },
    knownAgents: new Set(options.knownAgents ?? []),
    stages,
    allowedTargets: options.allowedTargets ?? {},
    supervisorId: options.supervisorId,
    allowHuman: options.allowHuman ?? true,
    enforceForPeople: options.enforceForPeople ?? false,
    maxHandoffs: options.limits?.maxHandoffsPerHumanEvent,
  }
}

/** The id a name stands for: by the alias table, else the name itself. */
export function resolveTarget(rules: HandoffRules, name: string): ChannelId {
  return rules.aliases.get(name) ?? name
}

function resolveAliases(
  aliases: Record<string, string>,
  ids: ReadonlySet<ChannelId>,
  supervisorId: ChannelId | undefined,
): Map<string, ChannelId> {
  const resolved = new Map<string, ChannelId>()
  if (supervisorId !== undefined && !ids.has('supervisor')) resolved.set('supervisor', supervisorId)
  for (const alias of Object.keys(aliases)) {
    if (ids.has(alias) || alias === HUMAN) throw invalidAlias(alias, 'shadows an id')
    const seen = new Set<string>()
    let name: string = alias
    for (;;) {
      if (seen.has(name)) throw invalidAlias(alias, 'leads round in a circle')
      seen.add(name)
      const next = aliases[name]
      if (next === undefined) break
      name = next
    }
    resolved.set(alias, name)
  }
  return resolved
}

function invalidAlias(alias: string, what: string): ParleyError {
  return new ParleyError({
    code: 'alias_invalid',
    message: `The agent alias "${alias}" ${what}. Choose another alias.`,
    details: { alias },
  })
}
