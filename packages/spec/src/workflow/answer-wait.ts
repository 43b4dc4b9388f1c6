import { waitExpired, waitResolved } from './run-errors.ts'
import type { WaitRecord, WaitResolution } from './runs.ts'

/**
 * A wait with its answer. Single use: who repeats the answer by its idempotency key gets the wait as it is.
 * @throws {ParleyError} `wait_resolved` when it has another answer, `wait_expired` when it closed without one
 */
export function answerWait(wait: WaitRecord, resolution: WaitResolution): { wait: WaitRecord; first: boolean } {
  if (wait.status === 'open') return { wait: { ...wait, status: statusOf(resolution), resolution }, first: true }
  const { idempotencyKey } = resolution
  if (idempotencyKey !== undefined && wait.resolution?.idempotencyKey === idempotencyKey) return { wait, first: false }
  throw wait.status === 'resolved' ? waitResolved(wait.id) : waitExpired(wait.id)
}

function statusOf({ decision }: WaitResolution): WaitRecord['status'] {
  return decision === 'timeout' || decision === 'default' ? 'expired' : 'resolved'
}
