import type { Room } from '@parley/spec'

/** A change of status that a room's timers ask for. */
export type Transition = 'pause' | 'close'

/** When the room's next timer is due, ms since the epoch; undefined if none runs. */
export function nextDueMs({ status, timers, lastActivityAt, pausedAt }: Room): number | undefined {
  const { inactiveAfterMs, closedAfterMs } = timers
  if (status === 'active') {
    const afterMs = inactiveAfterMs ?? closedAfterMs
    return afterMs === undefined ? undefined : Date.parse(lastActivityAt) + afterMs
  }
  if (status !== 'paused' || closedAfterMs === undefined) return undefined
  return Date.parse(pausedAt ?? lastActivityAt) + closedAfterMs
}

/**
 * What is due of a room, in order: pausing `inactiveAfterMs` after the last activity, closing `closedAfterMs` after the
 * pause, or after the last activity where no pause is configured. A room overdue for both gets both.
 */
export function dueTransitions(room: Room, nowMs: number): Transition[] {
  const dueMs = nextDueMs(room)
  if (dueMs === undefined || nowMs < dueMs) return []
  const { inactiveAfterMs, closedAfterMs } = room.timers
  if (room.status === 'paused' || inactiveAfterMs === undefined) return ['close']
  return closedAfterMs !== undefined && nowMs >= dueMs + closedAfterMs ? ['pause', 'close'] : ['pause']
}
