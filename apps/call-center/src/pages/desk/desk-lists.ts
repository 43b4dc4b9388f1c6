import type { QueueEntry } from '@parley/client'
import type { PendingRequest, Room } from '@parley/spec'

/** A room that waits for a person. */
export interface WaitingRoom {
  roomId: string
  urgency: 'normal' | 'high'
  reason: string
  sinceMs: number
}

/** A conversation that goes on. */
export interface LiveRoom {
  roomId: string
  phase: string
  agentId: string | null
  claimedBy?: string
  sinceMs: number
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

/** Active rooms that do not wait, newest activity first. Pure. */
export function toLive(rooms: readonly Room[]): LiveRoom[] {
  return rooms
    .filter(({ conversation, parentRoomId }) => parentRoomId === undefined && conversation?.human?.status !== 'waiting')
    .toSorted((one, other) => Date.parse(other.lastActivityAt) - Date.parse(one.lastActivityAt))
    .map(({ id, conversation, createdAt }) => ({
      roomId: id,
      phase: conversation?.phase ?? 'intake',
      agentId: conversation?.activeAgentId ?? null,
      sinceMs: Date.parse(createdAt),
      ...(conversation?.human?.claimedBy === undefined ? {} : { claimedBy: conversation.human.claimedBy }),
    }))
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
