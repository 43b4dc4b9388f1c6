import { assertNever } from '@parley/spec'
import type { ChannelId, Json } from '@parley/spec'

/** What an agent gave for a step. */
export type StepOutcome =
  | { status: 'completed'; text: string }
  | { status: 'failed' | 'timeout' | 'cancelled' | 'interrupted' | 'overBudget'; text?: string; code: string }

/** A judgement; null when none could be read. */
export type Verdict = { approved: boolean; feedback: string } | null

/** Why a run ended before all of it was done. */
export type StopReason = 'deadline' | 'budget' | 'cancelled' | 'failFast'

export interface SupervisorTerms {
  readonly workers: readonly ChannelId[]
  readonly strategy: 'sequential' | 'parallel'
  readonly review: boolean
  /** How often a worker may do its work again. */
  readonly maxRevisions: number
  readonly failFast: boolean
}

/** One worker's part of a run. */
export interface WorkerStep {
  readonly workerId: ChannelId
  readonly status:
    | 'pending'
    | 'running'
    | 'reviewing'
    | 'completed'
    | 'failed'
    | 'timeout'
    | 'cancelled'
    | 'interrupted'
    | 'overBudget'
  /** Times the work was done again. */
  readonly revision: number
  readonly text?: string
  /** Whether a reviewed result was approved. */
  readonly validated?: boolean
  readonly code?: string
}

export interface SupervisorState {
  readonly terms: SupervisorTerms
  readonly steps: readonly WorkerStep[]
  readonly isEnded: boolean
}

export type SupervisorInput =
  | { type: 'begin' }
  | { type: 'workerEnded'; workerId: ChannelId; outcome: StepOutcome }
  | { type: 'reviewed'; workerId: ChannelId; verdict: Verdict }
  | { type: 'stop'; reason: StopReason }

export type SupervisorEffect =
  | {
      type: 'runWorker'
      workerId: ChannelId
      revision: number
      prior: readonly WorkerStep[]
      feedback?: string
      former?: string
    }
  | { type: 'review'; workerId: ChannelId; text: string; revision: number }
  | { type: 'cancelAll'; reason: StopReason }
  | { type: 'finish'; report: SupervisorReport }

/** What a run gave, in declared order of the workers. */
export interface SupervisorReport {
  readonly results: readonly WorkerStep[]
  readonly stopped?: StopReason
}

/** What a step of the machine gives. */
export interface SupervisorTransition {
  state: SupervisorState
  effects: SupervisorEffect[]
  receipts: Json[]
}

/** A run before its beginning. */
export function supervisorRun(terms: SupervisorTerms): SupervisorState {
  return {
    terms,
    steps: terms.workers.map((workerId) => ({ workerId, status: 'pending', revision: 0 })),
    isEnded: false,
  }
}

/** Schedules workers and reviews. Pure and total: every run that gets an answer to each of its effects finishes once. */
export function supervisorStep(state: SupervisorState, input: SupervisorInput, _nowMs: number): SupervisorTransition {
  if (state.isEnded) return { state, effects: [], receipts: [] }
  switch (input.type) {
    case 'begin':
      return startNext(state, [])
    case 'workerEnded':
      return workerEnded(state, input.workerId, input.outcome)
    case 'reviewed':
      return reviewed(state, input.workerId, input.verdict)
    case 'stop':
      return stop(state, input.reason, [])
    default:
      return assertNever(input)
  }
}

function workerEnded(state: SupervisorState, workerId: ChannelId, outcome: StepOutcome): SupervisorTransition {
  const step = state.steps.find((candidate) => candidate.workerId === workerId)
  if (step?.status !== 'running') return { state, effects: [], receipts: [] }
  if (outcome.status !== 'completed') {
    const { status, code, text } = outcome
    const ended: WorkerStep = { ...step, status, code, ...(text === undefined ? {} : { text }) }
    const next = replace(state, ended)
    if (status === 'overBudget') return stop(next, 'budget', [receiptOf(ended)])
    if (state.terms.failFast) return stop(next, 'failFast', [receiptOf(ended)])
    return startNext(next, [receiptOf(ended)])
  }
  if (!state.terms.review) {
    const done: WorkerStep = { ...step, status: 'completed', text: outcome.text }
    return startNext(replace(state, done), [receiptOf(done)])
  }
  const reviewing: WorkerStep = { ...step, status: 'reviewing', text: outcome.text }
  return {
    state: replace(state, reviewing),
    effects: [{ type: 'review', workerId, text: outcome.text, revision: step.revision }],
    receipts: [receiptOf(reviewing)],
  }
}

function reviewed(state: SupervisorState, workerId: ChannelId, verdict: Verdict): SupervisorTransition {
  const step = state.steps.find((candidate) => candidate.workerId === workerId)
  if (step?.status !== 'reviewing') return { state, effects: [], receipts: [] }
  // What cannot be read is no approval.
  const approved = verdict?.approved === true
  const receipt: Json = {
    worker: workerId,
    step: 'review',
    revision: step.revision,
    approved,
    readable: verdict !== null,
  }
  if (approved || step.revision >= state.terms.maxRevisions) {
    const done: WorkerStep = { ...step, status: 'completed', validated: approved }
    return startNext(replace(state, done), [receipt, receiptOf(done)])
  }
  const again: WorkerStep = { ...step, status: 'running', revision: step.revision + 1 }
  return {
    state: replace(state, again),
    effects: [
      {
        type: 'runWorker',
        workerId,
        revision: again.revision,
        prior: priorOf(state, workerId),
        feedback: verdict?.feedback ?? '',
        ...(step.text === undefined ? {} : { former: step.text }),
      },
    ],
    receipts: [receipt],
  }
}

/** Starts whom it is time for; finishes when all are done. */
function startNext(state: SupervisorState, receipts: Json[]): SupervisorTransition {
  const pending = state.steps.filter(({ status }) => status === 'pending')
  const isBusy = state.steps.some(({ status }) => status === 'running' || status === 'reviewing')
  const starting = state.terms.strategy === 'parallel' ? pending : isBusy ? [] : pending.slice(0, 1)
  if (starting.length === 0 && !isBusy) {
    return {
      state: { ...state, isEnded: true },
      effects: [{ type: 'finish', report: { results: state.steps } }],
      receipts,
    }
  }
  let next = state
  for (const step of starting) next = replace(next, { ...step, status: 'running' })
  return {
    state: next,
    effects: starting.map(({ workerId }) => ({
      type: 'runWorker',
      workerId,
      revision: 0,
      prior: priorOf(state, workerId),
    })),
    receipts,
  }
}

/** What a stop finds undone is cancelled; a result whose review was cut off is kept, unapproved. */
function stop(state: SupervisorState, reason: StopReason, receipts: Json[]): SupervisorTransition {
  const steps = state.steps.map((step): WorkerStep => {
    if (step.status === 'reviewing') return { ...step, status: 'completed', validated: false }
    return step.status === 'pending' || step.status === 'running'
      ? { ...step, status: 'cancelled', code: reason }
      : step
  })
  const changed = steps.filter((step, index) => step !== state.steps[index])
  return {
    state: { ...state, steps, isEnded: true },
    effects: [
      { type: 'cancelAll', reason },
      { type: 'finish', report: { results: steps, stopped: reason } },
    ],
    receipts: [...receipts, ...changed.map(receiptOf)],
  }
}

/** In sequence each worker reads what came of those before it, failures too. */
function priorOf({ terms, steps }: SupervisorState, workerId: ChannelId): readonly WorkerStep[] {
  if (terms.strategy === 'parallel') return []
  return steps.slice(
    0,
    steps.findIndex((step) => step.workerId === workerId),
  )
}

function replace(state: SupervisorState, step: WorkerStep): SupervisorState {
  return { ...state, steps: state.steps.map((other) => (other.workerId === step.workerId ? step : other)) }
}

function receiptOf({ workerId, status, revision, validated, code }: WorkerStep): Json {
  return {
    worker: workerId,
    step: 'work',
    status,
    revision,
    ...(validated === undefined ? {} : { validated }),
    ...(code === undefined ? {} : { code }),
  }
}
