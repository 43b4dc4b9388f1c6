import type { ConversationState, Json, Participant, RoomEvent, RoutingDecision } from '@parley/spec'
import { block, modify, type SyncHookResult } from '../../hooks/hook-results.ts'
import { stamp } from '../router/stamps.ts'
import type { CoachMode } from './human-options.ts'

/** Under which field of the state supervisors' modes are kept. */
export const COACHING = 'coaching'
/** Under which field whispered instructions wait. */
export const WHISPERS = 'whispers'

/** An instruction for one agent's next turn. */
export interface Whisper {
  agentId: string
  text: string
  by: string
}

const modes: readonly CoachMode[] = ['monitor', 'whisperAgent', 'whisperHuman', 'barge']

/** Who coaches in this conversation, and how. */
export function coachesOf(state: ConversationState): Readonly<Record<string, CoachMode>> {
  if (!hasCoaching(state)) return {}
  const stored = state.toJSON()[COACHING]
  if (typeof stored !== 'object' || stored === null) return {}
  const entries = Object.entries(stored).flatMap(([id, mode]) => {
    const known = modes.find((name) => name === mode)
    return known === undefined ? [] : [[id, known] as const]
  })
  return Object.fromEntries(entries)
}

const cache = new WeakMap<ConversationState, boolean>()

function hasCoaching(state: ConversationState): boolean {
  let known = cache.get(state)
  if (known === undefined) {
    known = state.toJSON()[COACHING] !== undefined
    cache.set(state, known)
  }
  return known
}

/** Instructions that wait. */
export function whispersOf(state: ConversationState): Whisper[] {
  const stored = state.toJSON()[WHISPERS]
  if (!Array.isArray(stored)) return []
  return stored.filter(
    (entry): entry is Whisper =>
      typeof entry === 'object' &&
      entry !== null &&
      typeof entry.agentId === 'string' &&
      typeof entry.text === 'string',
  )
}

const nobody: RoutingDecision = stamp({ target: null, observers: [], reason: 'human_mode', rule: 'coach', skipped: [] })

/** What a coach's mode makes of a message; undefined when coaching has no say in it. */
export function coached(
  state: ConversationState,
  event: RoomEvent,
  participants: readonly Participant[],
): SyncHookResult<'beforeBroadcast'> {
  const coaches = coachesOf(state)
  if (Object.keys(coaches).length === 0 || event.source.kind !== 'person') return undefined
  const mode = event.source.participantId === undefined ? undefined : coaches[event.source.participantId]
  switch (mode) {
    case 'monitor':
      return block('not_authorized', { message: 'You are listening only. Change the mode to take part.' })
    case 'whisperAgent':
      return modify({ ...event, visibility: 'internal', addressedTo: [], routing: nobody })
    case 'whisperHuman':
      return modify({
        ...event,
        visibility: { only: channelsOf(state.human?.claimedBy, participants) },
        addressedTo: [],
        routing: nobody,
      })
    default: {
      const isBarged = Object.values(coaches).includes('barge')
      return isBarged && event.addressedTo === null
        ? modify({ ...event, routing: stamp({ ...nobody, rule: 'barge' }) })
        : undefined
    }
  }
}

/** The channels by which a participant is reached. */
function channelsOf(participantId: string | undefined, participants: readonly Participant[]): string[] {
  return participants.find(({ id }) => id === participantId)?.connectedVia ?? []
}

/** The instruction in a message of a coach that whispers to the agent. */
export function whisperIn(
  state: ConversationState,
  { source, content, type }: Pick<RoomEvent, 'source' | 'content' | 'type'>,
): Whisper | undefined {
  const { participantId } = source
  if (participantId === undefined || type !== 'message' || content.type !== 'text' || state.activeAgentId === null)
    return undefined
  if (coachesOf(state)[participantId] !== 'whisperAgent') return undefined
  return { agentId: state.activeAgentId, text: content.text, by: participantId }
}

/** Whispers as stored. */
export function whispersJson(whispers: readonly Whisper[]): Json[] | undefined {
  return whispers.length === 0 ? undefined : whispers.map((whisper) => ({ ...whisper }))
}
