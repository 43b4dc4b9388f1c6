import type { QueueEntry } from '@parley/client'
import type { PendingRequest, Room, LiveCallInfo } from '@parley/spec'
import { fieldsOf } from '../shared/read-event.ts'
import type { CallStanding } from './call-note.ts'
import { wrapupPhase } from './holder-text.ts'

/** A room that waits for a person. */
export interface WaitingRoom {
  roomId: string
  urgency: 'normal' | 'high'
  reason: string
  sinceMs: number
}

/** A conversation that goes on, or is over and still in the list. */
export interface LiveRoom extends CallStanding {
  roomId: string
  phase: string
  agentId: string | null
  claimedBy?: string
  sinceMs: number
  /** Nobody is in charge any more, and nobody is on the line. */
  isOver: boolean
}

/** How pressing a wait is. */
export type WaitLevel = 'calm' | 'amber' | 'red'

const amberMs = 60_000
const redMs = 120_000

/** The queue as the server gives it, in the order it is worked off: urgent first, then the longest wait. Pure. */
export function toWaiting(entries: readonly QueueEntry[]): WaitingRoom[] {
  return entries
    .map((entry) => {
      // The server lists the human state beside or inside the entry, by its version.
      const human = { ...entry, ...entry.human }
      const text = (name: string): string => {
        const value: unknown = (human as Record<string, unknown>)[name]
        return typeof value === 'string' ? value : ''
      }
      return {
        roomId: entry.roomId,
        urgency: text('urgency') === 'high' ? ('high' as const) : ('normal' as const),
        reason: text('reason'),
        sinceMs: Date.parse(text('requestedAt')),
      }
    })
    .toSorted((one, other) => rank(one) - rank(other) || one.sinceMs - other.sinceMs)
}

/** Active rooms that do not wait, newest activity first, with how their calls stand at `readMs`. Pure. */
export function toLive(rooms: readonly Room[], calls: readonly LiveCallInfo[], readMs: number): LiveRoom[] {
  return rooms
    .filter(({ conversation, parentRoomId }) => parentRoomId === undefined && conversation?.human?.status !== 'waiting')
    .toSorted((one, other) => Date.parse(other.lastActivityAt) - Date.parse(one.lastActivityAt))
    .map((room) => {
      const { id, conversation, createdAt } = room
      const claimedBy = conversation?.human?.claimedBy
      return {
        roomId: id,
        phase: conversation?.phase ?? 'intake',
        agentId: conversation?.activeAgentId ?? null,
        sinceMs: Date.parse(createdAt),
        ...(claimedBy === undefined ? {} : { claimedBy }),
        ...callStanding(room, calls, readMs),
        isOver: claimedBy === undefined && (conversation?.phase === wrapupPhase || isCallLast(room)),
      }
    })
}

/** By the server's live calls, and for those that are over by what the room keeps of its last one. */
function callStanding({ id, metadata }: Room, calls: readonly LiveCallInfo[], readMs: number): CallStanding {
  const own = calls.filter(({ roomId }) => roomId === id)
  const lost = own.find(({ media }) => media === 'lost')
  if (lost !== undefined) return { lostUntilMs: readMs + (lost.returnWithinMs ?? 0) }
  if (own.length > 0 || metadata['call'] === undefined) return {}
  const { reason } = fieldsOf(metadata['call'])
  return { ended: typeof reason === 'string' ? { reason } : {} }
}

/** Whether nothing was said since the room's last call ended. */
function isCallLast({ metadata, lastActivityAt }: Room): boolean {
  const { endedAt } = fieldsOf(metadata['call'])
  return typeof endedAt === 'string' && Date.parse(lastActivityAt) <= Date.parse(endedAt)
}

/** From 60 s amber, from 120 s red. */
export function waitLevel(waitMs: number): WaitLevel {
  if (waitMs >= redMs) return 'red'
  return waitMs >= amberMs ? 'amber' : 'calm'
}

/** The title of the tab: how many wait for somebody. */
export function deskTitle(waiting: readonly WaitingRoom[], approvals: readonly PendingRequest[]): string {
  const count = waiting.length + approvals.length
  return count === 0 ? 'Desk' : `(${count}) Desk`
}

/** What the desk calls a room: the caller's name if the room knows it, else the end of its id. Pure. */
export function roomLabels(rooms: readonly Room[]): Record<string, string> {
  return Object.fromEntries(
    rooms.flatMap(({ id, metadata }) => (typeof metadata['caller'] === 'string' ? [[id, metadata['caller']]] : [])),
  )
}

/** The cents an approval is about, if it is about money. */
export function requestedCents({ arguments: args }: Pick<PendingRequest, 'arguments'>): number | undefined {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined
  return typeof args['cents'] === 'number' ? args['cents'] : undefined
}

function rank({ urgency }: WaitingRoom): number {
  return urgency === 'high' ? 0 : 1
}
