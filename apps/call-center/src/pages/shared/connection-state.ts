import type { ConnectionStatus } from '@parley/client'

/** How the connection stands, and since when. */
export interface ConnectionState {
  status: ConnectionStatus
  /** Wall time in ms at which the status began. */
  sinceMs: number
  /** Whether it was live before, so that a first connect is not called a reconnect. */
  wasLive: boolean
  /** Why it ended for good. */
  reason?: string
}

/** What changes it. */
export interface ConnectionChange {
  status: ConnectionStatus
  nowMs: number
  reason?: string | undefined
}

/** The state before anything is connected. */
export function startConnection(nowMs: number): ConnectionState {
  return { status: 'connecting', sinceMs: nowMs, wasLive: false }
}

/** The next state. Repeated attempts count as one interruption, so its seconds go on. */
export function reduceConnection(state: ConnectionState, { status, nowMs, reason }: ConnectionChange): ConnectionState {
  const isSame = state.status === status
  return {
    status,
    sinceMs: isSame ? state.sinceMs : nowMs,
    wasLive: state.wasLive || status === 'live',
    ...(reason === undefined || status !== 'closed' ? {} : { reason }),
  }
}
