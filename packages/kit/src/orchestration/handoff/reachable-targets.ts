import type { ChannelId, ConversationState } from '@parley/spec'
import { HUMAN, type HandoffRules } from './handoff-rules.ts'

/** Where an agent's handoff tool may lead from the present state. */
export interface ReachableTarget {
  agentId: ChannelId
  /** Phases the target may be entered by from here, the preferred one first; empty without a phase map. */
  phases: readonly string[]
  /** What the stage says of itself. */
  description: string | null
}

/** Phases that may follow the present one; undefined: any. A phase that is no stage (people had it) limits nothing. */
export function nextPhases(rules: HandoffRules, phase: string): readonly string[] | undefined {
  const { allowedTransitions } = rules
  return allowedTransitions !== undefined && Object.hasOwn(allowedTransitions, phase)
    ? allowedTransitions[phase]
    : undefined
}

/**
 * The targets an agent may hand over to from the present phase, in order of the stages; `human` last, if allowed. An
 * agent that owns no stage is offered all stages' agents. Without stages: the given peers.
 */
export function reachableTargets(
  rules: HandoffRules,
  state: ConversationState,
  callerId: ChannelId,
  peers: readonly ChannelId[],
): ReachableTarget[] {
  const targets = rules.stages.length === 0 ? ofPeers(rules, callerId, peers) : ofStages(rules, state, callerId)
  const hasHumanStage = targets.some(({ agentId }) => agentId === HUMAN)
  if (rules.allowHuman && !hasHumanStage) targets.push({ agentId: HUMAN, phases: [], description: 'A human colleague' })
  return targets
}

function ofStages(rules: HandoffRules, state: ConversationState, callerId: ChannelId): ReachableTarget[] {
  const isOutside = !rules.owned.has(callerId)
  const allowed = isOutside ? undefined : nextPhases(rules, state.phase)
  const targets = new Map<ChannelId, { phases: string[]; description: string | null }>()
  for (const { agentId, phase, description } of rules.stages) {
    if (allowed !== undefined && !allowed.includes(phase)) continue
    if (agentId === callerId && phase === state.phase) continue
    const known = targets.get(agentId)
    if (known === undefined) targets.set(agentId, { phases: [phase], description: description ?? null })
    else known.phases.push(phase)
  }
  return [...targets].map(([agentId, { phases, description }]) => ({
    agentId,
    phases: allowed === undefined ? phases : allowed.filter((phase) => phases.includes(phase)),
    description,
  }))
}

/** Whether an agent may hand to another at all, where that is limited. */
export function mayHandTo({ allowedTargets }: HandoffRules, callerId: ChannelId, targetId: ChannelId): boolean {
  return !Object.hasOwn(allowedTargets, callerId) || allowedTargets[callerId]?.includes(targetId) === true
}

function ofPeers(rules: HandoffRules, callerId: ChannelId, peers: readonly ChannelId[]): ReachableTarget[] {
  return peers
    .filter((agentId) => agentId !== callerId && agentId !== rules.supervisorId && mayHandTo(rules, callerId, agentId))
    .map((agentId) => ({ agentId, phases: rules.owned.get(agentId) ?? [], description: null }))
}
