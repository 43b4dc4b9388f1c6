import { durableLimits } from './durable-limits.ts'
import type { SignalRecord, WaitRecord } from './runs.ts'

/**
 * Whether a wait may still take a signal: not taken, and younger than 24 h or sent to a wait that is open and was
 * opened no later than 24 h after it. So a signal to an open wait is not lost while its engine is away.
 */
export function isSignalKept(signal: SignalRecord, waits: Iterable<WaitRecord>, nowMs: number): boolean {
  if (signal.taken) return false
  const lastMs = Date.parse(signal.at) + durableLimits.signalMs
  if (nowMs <= lastMs) return true
  for (const wait of waits) {
    const isMeant = wait.status === 'open' && wait.kind === 'event' && wait.name === signal.name
    if (isMeant && Date.parse(wait.createdAt) <= lastMs) return true
  }
  return false
}
