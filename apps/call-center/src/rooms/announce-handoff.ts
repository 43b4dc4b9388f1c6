import type { Content, HandoffPlan } from '@parley/spec'
import { agentProfiles } from '../agents/agent-profiles.ts'

/** The line people see when a conversation is handed over. Summary and payload are not in it, nor what the supervisor saw in them. */
export function announceHandoff({ handoffId, from, to, toPhase, request }: HandoffPlan): Content {
  const toName = to === null ? 'a colleague' : nameOf(to)
  const fromName = nameOf(from)
  return {
    type: 'system',
    code: 'handoff_announced',
    text: `Handed from ${fromName} to ${toName}.`,
    data: {
      handoffId,
      from,
      fromName,
      to: to ?? 'human',
      toName,
      phase: toPhase,
      reason: request.by.id === 'supervisor' ? '' : request.reason,
    },
  }
}

function nameOf(agentId: string | null): string {
  return agentProfiles.find(({ id }) => id === agentId)?.name ?? 'a colleague'
}
