import type { LedgerEntry, Spend } from '@parley/spec'
import { attemptOfKey, type ReservedAttempt } from './reservation-key.ts'
import { callCapId } from './run-budget.ts'

/** An amount without unknown parts. */
export type Spent = Required<Spend> & { costNanoUsd: number }

/** What the ledger of a run says of its past. */
export interface LedgerReading {
  /** Spent by the run. */
  run: Spent
  /** Spent by steps that have a budget of their own, and by what is inside of them, by step key. */
  steps: Map<string, Spent>
  /** Keys of visits that are booked. */
  visits: Set<string>
  /**
   * Ends of what was held when the process ended: dispatches that were under way count as spent at their estimate, what
   * had not been sent yet is released.
   */
  interrupted: LedgerEntry[]
  /** The highest dispatch of each attempt, by `step_key:attempt`. */
  dispatches: Map<string, ReservedAttempt>
}

/**
 * Reads where a ledger left the counters of its run. What was spent is spent, whether or not it would fit today.
 * @param sent - attempts with a receipt of something that was sent and of which nothing more is known, as `step_key:attempt`
 */
export function readLedger(runId: string, ledger: readonly LedgerEntry[], sent: ReadonlySet<string>): LedgerReading {
  const reading: LedgerReading = {
    run: nothing(),
    steps: new Map(),
    visits: new Set(),
    interrupted: [],
    dispatches: new Map(),
  }
  const ends = new Map(ledger.filter(({ kind }) => kind !== 'reserve').map((entry) => [entry.key, entry]))
  for (const reserve of ledger) {
    if (reserve.kind !== 'reserve') continue
    const place = attemptOfKey(runId, reserve.key)
    noteDispatch(reading, place)
    const known = ends.get(reserve.key)
    const end = known ?? interruptedEnd(reserve, place, sent)
    if (known === undefined) reading.interrupted.push(end)
    if (end.kind === 'release') continue
    const { tokens, calls, visits = 0, costNanoUsd } = end
    if (visits > 0) reading.visits.add(reserve.key)
    // A cost that the vendor did not tell counts as it was held.
    const spent: Spent = { costNanoUsd: costNanoUsd ?? reserve.costNanoUsd ?? 0, tokens, calls, visits }
    add(reading.run, spent)
    for (const stepKey of stepsOf(reserve, runId)) {
      const step = reading.steps.get(stepKey) ?? nothing()
      add(step, spent)
      reading.steps.set(stepKey, step)
    }
  }
  return reading
}

function noteDispatch({ dispatches }: LedgerReading, place: ReservedAttempt | undefined): void {
  if (place === undefined) return
  const at = `${place.stepKey}:${place.attempt}`
  const known = dispatches.get(at)
  if (known === undefined || known.dispatch < place.dispatch) dispatches.set(at, place)
}

/**
 * A receipt is kept before anything is sent: without one nothing was. What code counts by itself, and what others keep in
 * this ledger under keys of their own, has no receipt here, and may have been sent.
 */
function interruptedEnd(
  reserve: LedgerEntry,
  place: ReservedAttempt | undefined,
  sent: ReadonlySet<string>,
): LedgerEntry {
  const isCounted = reserve.costNanoUsd === 0 && reserve.tokens === 0
  const isUnsent = place !== undefined && !isCounted && !sent.has(`${place.stepKey}:${place.attempt}`)
  return isUnsent ? { ...reserve, ...nothing(), kind: 'release' } : { ...reserve, kind: 'settle', basis: 'estimate' }
}

/** The steps of this run, not of one inside it, whose own envelopes an entry is in, the outermost first. */
function stepsOf({ envelopes }: LedgerEntry, runId: string): string[] {
  const own = envelopes.findIndex(({ id }) => id === callCapId(runId))
  if (own === -1) return []
  const inner = envelopes.slice(own + 1)
  const end = inner.findIndex(({ kind }) => kind !== 'step')
  return (end === -1 ? inner : inner.slice(0, end)).map(({ id }) => id)
}

function nothing(): Spent {
  return { costNanoUsd: 0, tokens: 0, calls: 0, visits: 0 }
}

function add(sum: Spent, { costNanoUsd, tokens, calls, visits }: Spent): void {
  sum.costNanoUsd += costNanoUsd
  sum.tokens += tokens
  sum.calls += calls
  sum.visits += visits
}
