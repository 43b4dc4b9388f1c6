import type { Names } from '../shared/names.ts'

/** The phase of conversations that have ended: nobody is in charge. */
export const wrapupPhase = 'wrapup'

/** Who has a conversation and where it stands, in words; of one that is over, that it has ended. Pure. */
export function holderText({
  holder,
  agentId,
  phase,
  names,
}: {
  /** A person who has it. */
  holder: string | undefined
  agentId: string | null
  phase: string
  names: Pick<Names, 'agent'>
}): string {
  if (holder !== undefined) return `${holder} · ${phase}`
  if (phase === wrapupPhase) return 'ended'
  return `${agentId === null ? 'nobody' : `${names.agent(agentId)} (AI)`} · ${phase}`
}
