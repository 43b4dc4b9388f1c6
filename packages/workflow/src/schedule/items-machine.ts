import type { ForeachPolicy } from '@parley/spec'
import { at, ChunkedDraft, zeros, type Chunked } from './chunked.ts'

/** The items of one foreach. Immutable. */
export interface ItemsState {
  readonly policy: ForeachPolicy
  readonly concurrency: number
  /** A `Mark` per item. */
  readonly marks: Chunked
  /** The first item that was not begun. */
  readonly next: number
  readonly running: number
  readonly unsettled: number
  readonly failures: number
  readonly stopped: boolean
  /** Its end has been told. */
  readonly isOver: boolean
}

export type ItemOutcome = 'completed' | 'skipped' | 'failed' | 'cancelled'

export type ItemsInput = { type: 'start' } | { type: 'settled'; item: number; outcome: ItemOutcome } | { type: 'stop' }

export type ItemsEffect =
  | { type: 'begin'; item: number }
  /** Everything that runs is told to end. */
  | { type: 'interrupt' }
  /** `failed` by the policy; `partial` when the policy hid a failure. */
  | { type: 'ended'; outcome: 'completed' | 'partial' | 'failed' | 'stopped' }

const PENDING = 0
const RUNNING = 1
const SETTLED = 2

/** As many items, none of them begun. */
export function openItems(count: number, policy: ForeachPolicy, concurrency: number): ItemsState {
  return {
    policy,
    concurrency: Math.max(1, concurrency),
    marks: zeros(count),
    next: 0,
    running: 0,
    unsettled: count,
    failures: 0,
    stopped: false,
    isOver: false,
  }
}

/** One step of the machine: pure and total. */
export function stepItems(state: ItemsState, input: ItemsInput): { state: ItemsState; effects: ItemsEffect[] } {
  const marks = new ChunkedDraft(state.marks)
  let { running, unsettled, failures, stopped, next } = state
  const effects: ItemsEffect[] = []
  const settle = (item: number, outcome: ItemOutcome): void => {
    const mark = marks.get(item)
    if (item >= state.marks.length || mark === SETTLED) return
    if (mark === RUNNING) running -= 1
    marks.set(item, SETTLED)
    unsettled -= 1
    if (outcome === 'failed') failures += 1
  }
  const stop = (): void => {
    if (stopped) return
    stopped = true
    effects.push({ type: 'interrupt' })
  }
  if (input.type === 'settled') settle(input.item, input.outcome)
  else if (input.type === 'stop') stop()
  if (failures > 0 && state.policy === 'requireAll') stop()
  while (!stopped && running < state.concurrency && next < state.marks.length) {
    if (marks.get(next) === PENDING) {
      marks.set(next, RUNNING)
      running += 1
      effects.push({ type: 'begin', item: next })
    }
    next += 1
  }
  const isOver = running === 0 && (stopped || unsettled === 0)
  const after = { ...state, marks: marks.done(), next, running, unsettled, failures, stopped, isOver }
  if (isOver && !state.isOver) effects.push({ type: 'ended', outcome: outcomeOf(after) })
  return { state: after, effects }
}

/** Whether an item has ended. */
export function isItemSettled({ marks }: ItemsState, item: number): boolean {
  return at(marks, item) === SETTLED
}

function outcomeOf({ policy, failures, stopped, marks }: ItemsState): 'completed' | 'partial' | 'failed' | 'stopped' {
  if (policy === 'requireAll' && failures > 0) return 'failed'
  if (stopped) return 'stopped'
  if (policy === 'collectErrors' || failures === 0) return 'completed'
  return failures === marks.length ? 'failed' : 'partial'
}
