import { ParleyError } from '@parley/spec'
import type { ChannelId, DelegationResult, ErrorCode, RoomId } from '@parley/spec'
import { errorCodes } from '@parley/spec'
import type { DelegationOutcome } from './delegation-machine.ts'
import { RUNNING_PER_ROOM, WAITING_PER_ROOM } from './delegation-slots.ts'
import { MAX_DEPTH, type DelegationRecord } from './delegation-record.ts'

/** The error of a room whose children may have no children. */
export function tooDeep(roomId: RoomId): ParleyError {
  return new ParleyError({
    code: 'delegation_depth',
    message: `Room ${roomId} is ${MAX_DEPTH} delegations deep; there is no deeper. Let the agent do the task itself.`,
    details: { roomId, maxDepth: MAX_DEPTH },
  })
}

/** The error of a room without a place, not even to wait. */
export function tooMany(roomId: RoomId): ParleyError {
  return new ParleyError({
    code: 'delegation_busy',
    message: `Room ${roomId} has ${RUNNING_PER_ROOM} delegations running and ${WAITING_PER_ROOM} waiting. Try again when one has ended.`,
    details: { roomId, running: RUNNING_PER_ROOM, waiting: WAITING_PER_ROOM },
  })
}

/** The error of an agent that hands its own task to itself. */
export function sameTask(agentId: ChannelId): ParleyError {
  return new ParleyError({
    code: 'invalid_options',
    message: `Agent ${agentId} is at work on this very task. Delegate a different one, or do it.`,
    details: { path: 'task', expected: 'a task other than the present one', agentId },
  })
}

const reasons: {
  readonly [Why in Extract<DelegationOutcome, { status: 'failed' }>['why']]: { code: ErrorCode; sentence: string }
} = {
  no_text: { code: 'delegation_failed', sentence: 'ended without saying anything' },
  no_submission: { code: 'agent_output_invalid', sentence: 'did not hand in a result that fits its schema' },
  worker: { code: 'delegation_failed', sentence: 'reported that the task could not be done' },
  turn: { code: 'delegation_failed', sentence: 'failed in its turn' },
  not_opened: { code: 'delegation_failed', sentence: 'could not be asked' },
}

/** The result as callers get it. */
export function toResult(
  outcome: DelegationOutcome,
  { id, agentId }: DelegationRecord,
  costNanoUsd: number | null,
): DelegationResult {
  if (outcome.status === 'completed') {
    const { text, value } = outcome
    return { status: 'completed', text, costNanoUsd, ...(value === undefined ? {} : { value }) }
  }
  const text = outcome.text === undefined ? {} : { text: outcome.text }
  const about = { delegationId: id, agentId }
  if (outcome.status === 'failed') {
    const { code, sentence } = reasons[outcome.why]
    const known = outcome.code !== undefined && outcome.code in errorCodes
    const error = new ParleyError({
      // Looked up among the known codes on the line above.
      code: known && outcome.why === 'turn' ? (outcome.code as ErrorCode) : code,
      message: `The task given to ${agentId} failed: the agent ${sentence}. Ask again, or give it to another.`,
      details: { ...about, why: outcome.why, ...(outcome.why === 'no_submission' ? { madeBy: 'framework' } : {}) },
      retryable: false,
    })
    return { status: 'failed', error, ...text }
  }
  const { code, sentence } = endings[outcome.status]
  const error = new ParleyError({
    code,
    message: `The task given to ${agentId} ${sentence}.`,
    details: { ...about, reason: outcome.reason },
    retryable: false,
  })
  return { status: outcome.status, error, ...text }
}

const endings: {
  readonly [Status in 'cancelled' | 'timeout' | 'overBudget' | 'interrupted']: { code: ErrorCode; sentence: string }
} = {
  cancelled: { code: 'delegation_cancelled', sentence: 'was cancelled before it ended' },
  timeout: { code: 'delegation_timeout', sentence: 'took longer than it may and was stopped' },
  overBudget: { code: 'budget_exceeded', sentence: 'was stopped by its budget' },
  interrupted: {
    code: 'delegation_interrupted',
    sentence: 'was interrupted by the end of the process. Give it again if it is still needed',
  },
}
