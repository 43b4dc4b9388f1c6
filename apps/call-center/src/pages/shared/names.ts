import type { Participant } from '@parley/spec'
import type { AgentCard } from './demo-api.ts'
import type { Speaker } from './timeline-rows.ts'

const deskPrefix = 'desk-'

/** The id of a colleague, readable where no member list is at hand. */
export function deskPersonId(name: string): string {
  const slug = name
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return `${deskPrefix}${slug === '' ? 'colleague' : slug}`
}

/** Whether an id is that of a colleague. */
export function isDeskPerson(id: string): boolean {
  return id.startsWith(deskPrefix)
}

/** The name of a colleague from their id. */
export function deskPersonName(id: string): string {
  const slug = id.startsWith(deskPrefix) ? id.slice(deskPrefix.length) : id
  return slug
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')
}

/** Finds names of agents and people. */
export interface Names {
  agent(id: string | null): string
  person(id: string): string
  speaker(speaker: Speaker): string
  /** 1 to 4 by order of the agents, `human` for colleagues, `me` for the caller. */
  colour(speaker: Speaker): string
}

/** Makes the names of a room. `me` is called "You". */
export function createNames(
  agents: readonly AgentCard[],
  members: readonly Participant[],
  me: string | undefined,
): Names {
  const agent = (id: string | null): string =>
    id === null || id === 'human' ? 'a colleague' : (agents.find((card) => card.id === id)?.name ?? id)
  const person = (id: string): string => {
    if (id === me) return 'You'
    return members.find((member) => member.id === id)?.displayName ?? deskPersonName(id)
  }
  return {
    agent,
    person,
    speaker: ({ kind, id }) => (kind === 'agent' ? agent(id) : kind === 'person' ? person(id) : 'Harbor Internet'),
    colour({ kind, id }) {
      if (kind === 'agent')
        return (
          agentColours[
            Math.max(
              0,
              agents.findIndex((card) => card.id === id),
            ) % 4
          ] ?? 'text-ink'
        )
      return kind === 'person' && isDeskPerson(id) ? 'text-human' : 'text-ink'
    },
  }
}

const agentColours = ['text-speaker-1', 'text-speaker-2', 'text-speaker-3', 'text-speaker-4'] as const
