import { assertNever } from '@parley/spec'
import type { Json, TurnEnd } from '@parley/spec'

/** What a worker handed in, checked by the schema. */
export type Submission =
  | { ok: true; status: 'completed' | 'failed'; summary: string; value: unknown }
  | { ok: false; paths: readonly string[] }

/** How a delegated task ended, before it becomes a result. */
export type DelegationOutcome =
  | { status: 'completed'; text: string; value?: unknown }
  | {
      status: 'failed'
      why: 'no_text' | 'no_submission' | 'worker' | 'turn' | 'not_opened'
      text?: string
      code?: string
    }
  | { status: 'cancelled' | 'timeout' | 'overBudget' | 'interrupted'; reason: string; text?: string }

/** One delegated task, from its asking to its one completion. */
export interface DelegationState {
  readonly phase: 'waiting' | 'running' | 'ended'
  /** The worker must end by `submit_result`. */
  readonly needsSubmission: boolean
  readonly maxRetries: number
  readonly timeoutMs: number
  /** Submissions that were missing or did not fit. */
  readonly faults: number
  readonly submission?: Extract<Submission, { ok: true }>
  /** What the worker said last. */
  readonly text?: string
}

export type DelegationInput =
  | { type: 'start' }
  | { type: 'submitted'; submission: Submission }
  /** Nothing is under way in the child room any more. */
  | { type: 'settled'; text: string | null; end: TurnEnd | undefined; code?: string }
  | { type: 'timer' }
  | { type: 'cancel'; reason: string }
  | { type: 'failed'; code: string }
  /** The process that ran it has ended. */
  | { type: 'lost' }

export type DelegationEffect =
  | { type: 'ask' }
  | { type: 'askAgain' }
  | { type: 'setTimer'; timer: 'deadline'; atMs: number }
  | { type: 'cancelTimer'; timer: 'deadline' }
  | { type: 'stop'; reason: string }
  | { type: 'complete'; outcome: DelegationOutcome }

/** What a step of the machine gives. */
export interface DelegationStep {
  state: DelegationState
  effects: DelegationEffect[]
  receipts: Json[]
}

/** What a delegation begins as. */
export function waitingDelegation(options: {
  needsSubmission: boolean
  maxRetries: number
  timeoutMs: number
}): DelegationState {
  return { phase: 'waiting', faults: 0, ...options }
}

/** The life of a delegated task. Pure and total; whatever comes, `complete` is given exactly once. */
export function delegationStep(state: DelegationState, input: DelegationInput, nowMs: number): DelegationStep {
  if (state.phase === 'ended') return { state, effects: [], receipts: [] }
  switch (input.type) {
    case 'start':
      if (state.phase === 'running') return { state, effects: [], receipts: [] }
      return {
        state: { ...state, phase: 'running' },
        effects: [{ type: 'setTimer', timer: 'deadline', atMs: nowMs + state.timeoutMs }, { type: 'ask' }],
        receipts: [],
      }
    case 'submitted':
      return submitted(state, input.submission)
    case 'settled':
      return settled(state, input)
    case 'timer':
      // A task whose result is in is done, though its worker has not found an end.
      if (state.submission !== undefined) return end(state, ofSubmission(state.submission), 'submitted')
      return end(state, { status: 'timeout', reason: 'timeout', ...textOf(state) }, 'timeout')
    case 'cancel':
      return end(state, { status: 'cancelled', reason: input.reason, ...textOf(state) }, input.reason)
    case 'failed':
      return end(state, { status: 'failed', why: 'not_opened', code: input.code }, 'failed')
    case 'lost':
      return end(state, { status: 'interrupted', reason: 'process_ended', ...textOf(state) }, undefined)
    default:
      return assertNever(input)
  }
}

function submitted(state: DelegationState, submission: Submission): DelegationStep {
  if (submission.ok) return { state: { ...state, submission }, effects: [], receipts: [] }
  const next = { ...state, faults: state.faults + 1 }
  const receipts: Json[] = [{ fault: 'submission', paths: [...submission.paths] }]
  if (next.faults <= state.maxRetries) return { state: next, effects: [], receipts }
  const ended = end(next, { status: 'failed', why: 'no_submission' }, 'failed')
  return { ...ended, receipts: [...receipts, ...ended.receipts] }
}

function settled(
  state: DelegationState,
  { text, end: turnEnd, code }: Extract<DelegationInput, { type: 'settled' }>,
): DelegationStep {
  const said: DelegationState = text === null ? state : { ...state, text }
  if (state.submission !== undefined) return end(said, ofSubmission(state.submission), undefined)
  const stopped = stoppedBy(turnEnd)
  if (stopped !== undefined)
    return end(said, { status: stopped, reason: turnEnd ?? stopped, ...textOf(said) }, undefined)
  if (turnEnd === 'failed' || (code !== undefined && text === null)) {
    return end(
      said,
      { status: 'failed', why: 'turn', ...(code === undefined ? {} : { code }), ...textOf(said) },
      undefined,
    )
  }
  if (!state.needsSubmission) {
    return end(said, text === null ? { status: 'failed', why: 'no_text' } : { status: 'completed', text }, undefined)
  }
  const next = { ...said, faults: state.faults + 1 }
  const receipts: Json[] = [{ fault: 'not_submitted' }]
  if (next.faults <= state.maxRetries) return { state: next, effects: [{ type: 'askAgain' }], receipts }
  const ended = end(next, { status: 'failed', why: 'no_submission', ...textOf(next) }, undefined)
  return { ...ended, receipts: [...receipts, ...ended.receipts] }
}

function stoppedBy(turnEnd: TurnEnd | undefined): 'overBudget' | 'timeout' | 'cancelled' | 'interrupted' | undefined {
  if (turnEnd === 'budgetExceeded') return 'overBudget'
  if (turnEnd === 'timeout') return 'timeout'
  if (turnEnd === 'aborted') return 'cancelled'
  return turnEnd === 'interrupted' ? 'interrupted' : undefined
}

function ofSubmission({ status, summary, value }: Extract<Submission, { ok: true }>): DelegationOutcome {
  return status === 'failed'
    ? { status: 'failed', why: 'worker', text: summary }
    : { status: 'completed', text: summary, value }
}

function textOf({ text }: DelegationState): { text?: string } {
  return text === undefined ? {} : { text }
}

/** The one way out. `stop` names why the worker must stop; absent, nothing of it runs any more. */
function end(state: DelegationState, outcome: DelegationOutcome, stop: string | undefined): DelegationStep {
  const isRunning = state.phase === 'running'
  return {
    state: { ...state, phase: 'ended' },
    effects: [
      ...(isRunning ? [{ type: 'cancelTimer' as const, timer: 'deadline' as const }] : []),
      ...(isRunning && stop !== undefined ? [{ type: 'stop' as const, reason: stop }] : []),
      { type: 'complete', outcome },
    ],
    receipts: [{ status: outcome.status, faults: state.faults }],
  }
}
