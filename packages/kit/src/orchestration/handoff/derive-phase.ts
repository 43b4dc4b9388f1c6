import type { ChannelId, ConversationState } from '@parley/spec'
import { HUMAN, type HandoffRules } from './handoff-rules.ts'
import { nextPhases } from './reachable-targets.ts'

/** The phase of people where no stage says another. */
export const ESCALATION_PHASE = 'escalation'

export type DerivedPhase =
  | { phase: string }
  | { notAllowed: 'phase'; allowed: readonly string[] }
  | { notAllowed: 'transition'; phase: string; allowed: readonly string[] }

/**
 * The phase a handoff leads to: of those the target owns the one reached by `next`, else by `canReturnTo`, else its
 * mapped one; a wish may choose among the owned ones. `isBound` says whether transition limits hold for who asks.
 */
export function derivePhase(
  rules: HandoffRules,
  state: ConversationState,
  targetId: ChannelId,
  wish: string | undefined,
  isBound: boolean,
): DerivedPhase {
  const owned = rules.owned.get(targetId)
  const allowed = nextPhases(rules, state.phase)
  if (targetId === HUMAN && (owned === undefined || rules.allowHuman))
    return { phase: humanPhase(owned, allowed, wish) }
  if (owned === undefined) {
    const phase = wish ?? 'handling'
    return targetId === rules.supervisorId ? { phase: wish ?? state.phase } : checked(phase, state, allowed, isBound)
  }
  if (wish !== undefined)
    return owned.includes(wish) ? checked(wish, state, allowed, isBound) : { notAllowed: 'phase', allowed: owned }
  const others = targetId === state.activeAgentId ? owned.filter((phase) => phase !== state.phase) : owned
  const reached = allowed?.find((phase) => others.includes(phase))
  return checked(reached ?? mappedPhase(rules, targetId, others) ?? state.phase, state, allowed, isBound)
}

function humanPhase(
  owned: readonly string[] | undefined,
  allowed: readonly string[] | undefined,
  wish: string | undefined,
): string {
  if (owned === undefined) return ESCALATION_PHASE
  if (wish !== undefined && owned.includes(wish)) return wish
  return allowed?.find((phase) => owned.includes(phase)) ?? owned[0] ?? ESCALATION_PHASE
}

function mappedPhase(rules: HandoffRules, targetId: ChannelId, owned: readonly string[]): string | undefined {
  const mapped = rules.phaseMap[targetId]
  return mapped !== undefined && owned.includes(mapped) ? mapped : owned[0]
}

function checked(
  phase: string,
  state: ConversationState,
  allowed: readonly string[] | undefined,
  isBound: boolean,
): DerivedPhase {
  const isSame = phase === state.phase
  if (!isBound || allowed === undefined || allowed.includes(phase) || isSame) return { phase }
  return { notAllowed: 'transition', phase, allowed }
}
