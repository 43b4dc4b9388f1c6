import type { Room } from '@parley/spec'

const at = '2026-01-01T00:00:00.000Z'

/** A room with nothing in it. */
export function sampleRoom(id: string): Room {
  return {
    id,
    status: 'active',
    version: 0,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
    timers: {},
    agentResponsePolicy: 'chain',
    metadata: {},
    eventCount: 0,
    latestIndex: -1,
    deliveredIndex: -1,
  }
}
