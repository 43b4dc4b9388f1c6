import { assertNever } from '@parley/spec'
import type { ChannelId, Json } from '@parley/spec'
import type { StepOutcome, StopReason, Verdict } from './supervisor-machine.ts'

export interface LoopTerms {
  readonly reviewers: readonly ChannelId[]
  readonly strategy: 'sequential' | 'parallel'
  readonly maxIterations: number
}

/** What a reviewer said of a draft. */
export interface Review {
  readonly reviewerId: ChannelId
  readonly approved: boolean
  readonly feedback: string
  readonly isReadable: boolean
}

export interface LoopState {
  readonly terms: LoopTerms
  readonly phase: 'idle' | 'producing' | 'reviewing' | 'ended'
  /** Drafts asked for so far. */
  readonly iteration: number
  readonly draft?: string
  /** Of the present draft, in order of arrival. */
  readonly reviews: readonly Review[]
}

export type LoopInput =
  | { type: 'begin' }
  | { type: 'produced'; outcome: StepOutcome }
  | { type: 'reviewed'; reviewerId: ChannelId; verdict: Verdict; code?: string }
  | { type: 'stop'; reason: StopReason }

export type LoopEffect =
  | { type: 'produce'; iteration: number; former?: string; feedback: readonly Review[] }
  | { type: 'review'; reviewerId: ChannelId; draft: string; iteration: number; earlier: readonly Review[] }
  | { type: 'cancelAll'; reason: StopReason }
  | { type: 'finish'; report: LoopReport }

/** What a loop gave. */
export interface LoopReport {
  /** The last draft; absent when there is none. */
  readonly text?: string
  readonly approved: boolean
  readonly iterations: number
  readonly stopped?: StopReason | 'failed'
  readonly code?: string
}

/** What a step of the machine gives. */
export interface LoopTransition {
  state: LoopState
  effects: LoopEffect[]
  receipts: Json[]
}

/** A loop before its beginning. */
export function loopRun(terms: LoopTerms): LoopState {
  return { terms, phase: 'idle', iteration: 0, reviews: [] }
}

/** Schedules drafts and reviews until all approve or the iterations are used up. Pure and total; it finishes once. */
export function loopStep(state: LoopState, input: LoopInput, _nowMs: number): LoopTransition {
  if (state.phase === 'ended') return { state, effects: [], receipts: [] }
  switch (input.type) {
    case 'begin':
      return state.phase === 'idle' ? produce(state, []) : { state, effects: [], receipts: [] }
    case 'produced':
      return state.phase === 'producing' ? produced(state, input.outcome) : { state, effects: [], receipts: [] }
    case 'reviewed':
      return reviewed(state, input)
    case 'stop':
      return finish(state, { stopped: input.reason }, [], [{ type: 'cancelAll', reason: input.reason }])
    default:
      return assertNever(input)
  }
}

function produce(state: LoopState, receipts: Json[]): LoopTransition {
  const iteration = state.iteration + 1
  const feedback = inDeclaredOrder(state).filter(({ approved }) => !approved)
  return {
    state: { ...state, phase: 'producing', iteration, reviews: [] },
    effects: [{ type: 'produce', iteration, feedback, ...(state.draft === undefined ? {} : { former: state.draft }) }],
    receipts,
  }
}

function produced(state: LoopState, outcome: StepOutcome): LoopTransition {
  const receipt: Json = {
    step: 'produce',
    iteration: state.iteration,
    status: outcome.status,
    ...(outcome.status === 'completed' ? {} : { code: outcome.code }),
  }
  if (outcome.status !== 'completed') {
    const stopped = outcome.status === 'overBudget' ? 'budget' : outcome.status === 'cancelled' ? 'cancelled' : 'failed'
    return finish(state, { stopped, code: outcome.code }, [receipt], [])
  }
  const next: LoopState = { ...state, phase: 'reviewing', draft: outcome.text, reviews: [] }
  const { reviewers, strategy } = state.terms
  const asked = strategy === 'parallel' ? reviewers : reviewers.slice(0, 1)
  return {
    state: next,
    effects: asked.map((reviewerId) => ({
      type: 'review',
      reviewerId,
      draft: outcome.text,
      iteration: state.iteration,
      earlier: [],
    })),
    receipts: [receipt],
  }
}

function reviewed(
  state: LoopState,
  { reviewerId, verdict, code }: Extract<LoopInput, { type: 'reviewed' }>,
): LoopTransition {
  const { terms, draft } = state
  const isAsked =
    terms.reviewers.includes(reviewerId) && !state.reviews.some((review) => review.reviewerId === reviewerId)
  if (state.phase !== 'reviewing' || draft === undefined || !isAsked) return { state, effects: [], receipts: [] }
  // What cannot be read is no approval.
  const approved = verdict?.approved === true
  const review: Review = { reviewerId, approved, feedback: verdict?.feedback ?? '', isReadable: verdict !== null }
  const next: LoopState = { ...state, reviews: [...state.reviews, review] }
  const receipts: Json[] = [
    {
      step: 'review',
      iteration: state.iteration,
      reviewer: reviewerId,
      approved,
      readable: review.isReadable,
      ...(code === undefined ? {} : { code }),
    },
  ]
  if (next.reviews.length < terms.reviewers.length) {
    const following = terms.strategy === 'sequential' ? terms.reviewers[next.reviews.length] : undefined
    if (following === undefined) return { state: next, effects: [], receipts }
    return {
      state: next,
      effects: [{ type: 'review', reviewerId: following, draft, iteration: state.iteration, earlier: next.reviews }],
      receipts,
    }
  }
  if (next.reviews.every((given) => given.approved)) return finish(next, {}, receipts, [])
  return state.iteration >= terms.maxIterations ? finish(next, {}, receipts, []) : produce(next, receipts)
}

function finish(
  state: LoopState,
  why: Pick<LoopReport, 'stopped' | 'code'>,
  receipts: Json[],
  before: LoopEffect[],
): LoopTransition {
  const isReviewed = state.phase === 'reviewing' && state.reviews.length === state.terms.reviewers.length
  const approved = isReviewed && why.stopped === undefined && state.reviews.every((review) => review.approved)
  const report: LoopReport = {
    approved,
    iterations: state.iteration,
    ...why,
    ...(state.draft === undefined ? {} : { text: state.draft }),
  }
  return {
    state: { ...state, phase: 'ended' },
    effects: [...before, { type: 'finish', report }],
    receipts: [
      ...receipts,
      {
        step: 'end',
        approved,
        iterations: state.iteration,
        ...(why.stopped === undefined ? {} : { stopped: why.stopped }),
      },
    ],
  }
}

/** Reviews in the order in which the reviewers were declared, whoever was first. */
function inDeclaredOrder({ terms, reviews }: LoopState): Review[] {
  return terms.reviewers.flatMap((reviewerId) => reviews.find((review) => review.reviewerId === reviewerId) ?? [])
}

/** What the dissenters said, labelled. */
export function combinedFeedback(reviews: readonly Review[], nameOf: (agentId: ChannelId) => string): string {
  return reviews
    .map(
      ({ reviewerId, feedback, isReadable }) =>
        `[${nameOf(reviewerId)}] ${feedback === '' ? (isReadable ? 'not approved, without a reason' : 'gave no verdict') : feedback}`,
    )
    .join('\n')
}
