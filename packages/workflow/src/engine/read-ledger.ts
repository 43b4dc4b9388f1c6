import type { LedgerEntry, Spend } from '@parley/spec'
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
  /** Dispatches that were under way when the process ended: they count as spent at their estimate. */
  interrupted: LedgerEntry[]
  /** The highest dispatch of each attempt, by `step_key:attempt`. */
  dispatches: Map<string, { stepKey: string; attempt: number; dispatch: number }>
}

/** Reads where a ledger left the counters of its run. What was spent is spent, whether or not it would fit today. */
export function readLedger(runId: string, ledger: readonly LedgerEntry[]): LedgerReading {
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
    noteDispatch(reading, runId, reserve.key)
    const end = ends.get(reserve.key)
    if (end === undefined) reading.interrupted.push({ ...reserve, kind: 'settle', basis: 'estimate' })
    if (end?.kind === 'release') continue
    const { tokens, calls, visits = 0, costNanoUsd } = end ?? reserve
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

function noteDispatch({ dispatches }: LedgerReading, runId: string, key: string): void {
  if (!key.startsWith(`${runId}:`)) return
  const parts = /^(.+):(\d+):\d+:(\d+)$/.exec(key.slice(runId.length + 1))
  const [, stepKey, attemptText, dispatchText] = parts ?? []
  if (stepKey === undefined) return
  const attempt = Number(attemptText)
  const dispatch = Number(dispatchText)
  const known = dispatches.get(`${stepKey}:${attempt}`)
  if (known === undefined || known.dispatch < dispatch)
    dispatches.set(`${stepKey}:${attempt}`, { stepKey, attempt, dispatch })
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
