import type { ParticipantId, RoomId } from '@parley/spec'
import type { CommittedTurn } from '../turn/turn-effects.ts'
import type { CallCore } from './call-core.ts'

/** Whether words that were said on a line with several people are for the agent or for one of them. */
export type Addressee = (said: {
  roomId: RoomId
  /** Who said it. */
  participantId: ParticipantId
  text: string
  /** Everybody on the line. */
  people: readonly ParticipantId[]
  /** Names that the active agent goes by. */
  agentNames: readonly string[]
}) => 'agent' | 'person'

/** Whether a turn is the agent's to answer: with one person on the line it is, with several if the agent is named (C-5). */
export function isForAgent({ parts, agents, activeAgentId }: CallCore, { text }: Pick<CommittedTurn, 'text'>): boolean {
  const { addressee, participantId, roomId, access } = parts
  const people = [...new Set(parts.people())]
  if (people.length < 2) return true
  const agentNames = activeAgentId === null ? [] : [agents.get(activeAgentId)?.name ?? activeAgentId, activeAgentId]
  try {
    const judge = addressee ?? isNamed
    return judge({ roomId, participantId, text, people, agentNames }) === 'agent'
  } catch (error) {
    access.reportError(error, 'addressee', roomId)
    return isNamed({ text, agentNames }) === 'agent'
  }
}

function isNamed({ text, agentNames }: { text: string; agentNames: readonly string[] }): 'agent' | 'person' {
  const words = ` ${toWords(text)} `
  return agentNames.some((name) => words.includes(` ${toWords(name)} `)) ? 'agent' : 'person'
}

function toWords(text: string): string {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .join(' ')
}
