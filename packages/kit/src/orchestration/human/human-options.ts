import type { Participant, Room } from '@parley/spec'

/** What a supervisor may be doing beside a conversation. */
export type CoachMode = 'off' | 'monitor' | 'whisperAgent' | 'whisperHuman' | 'barge'

/** How people are asked to take over. */
export interface HumanOptions {
  /** @default true */
  allow?: boolean
  /** `silent`: no agent speaks while people wait. `keepAgent`: the agent goes on until someone claims. @default 'silent' */
  whileWaiting?: 'silent' | 'keepAgent'
  /** @default 90 000 */
  timeoutMs?: number
  /** @default 'resume' */
  onTimeout?: 'resume' | 'stay'
  /** Whether somebody is there. @default always */
  available?: (room: Room) => boolean | Promise<boolean>
  /** Transition limits bind people too. @default false */
  enforceForPeople?: boolean
  /** Whether a participant may coach. @default always */
  authorize?: (action: CoachMode, participant: Participant | undefined, room: Room) => boolean | Promise<boolean>
}

export const humanOptionKeys = [
  'allow',
  'whileWaiting',
  'timeoutMs',
  'onTimeout',
  'available',
  'enforceForPeople',
  'authorize',
] as const

/** What a person is waited for by default. */
export const HUMAN_TIMEOUT_MS = 90_000
