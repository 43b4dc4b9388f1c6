import type { TurnReceipt } from '../turn/turn-effects.ts'
import type { RunTrace, TracedTurn } from './run-trace.ts'

/** A turn as it was committed. */
export interface ForecastTurn {
  text: string
  committedAtMs: number
  /** From the last voiced instant to the commit. */
  delayMs: number
}

/** The n-th turn of both runs, where they differ. */
export interface TurnDifference {
  index: number
  recorded: ForecastTurn | null
  replayed: ForecastTurn | null
}

/** What other settings would have changed. */
export interface CallForecast {
  turns: TurnDifference[]
  /** Fewer starts of the agent into a person who had not finished; negative: more. */
  cutInsAvoided: number
  /** Fewer utterances cut; negative: more. */
  interruptionsAvoided: number
  /** Mean change of the delay from last voiced instant to commit, over the turns of both; `null` without any. */
  latencyChangeMs: number | null
  receipts: { recorded: readonly TurnReceipt[]; replayed: readonly TurnReceipt[] }
}

/** Lays two runs of one call side by side. */
export function compareRuns(recorded: RunTrace, replayed: RunTrace): CallForecast {
  const count = Math.max(recorded.turns.length, replayed.turns.length)
  const pairs = Array.from({ length: count }, (_, index) => ({
    index,
    recorded: turnOf(recorded.turns[index]),
    replayed: turnOf(replayed.turns[index]),
  }))
  const changes = pairs.flatMap(({ recorded: then, replayed: now }) =>
    then === null || now === null ? [] : [now.delayMs - then.delayMs],
  )
  return {
    turns: pairs.filter(
      ({ recorded: then, replayed: now }) => then?.text !== now?.text || then?.committedAtMs !== now?.committedAtMs,
    ),
    cutInsAvoided: recorded.cutIns - replayed.cutIns,
    interruptionsAvoided: recorded.interruptions - replayed.interruptions,
    latencyChangeMs: changes.length === 0 ? null : changes.reduce((sum, change) => sum + change, 0) / changes.length,
    receipts: { recorded: recorded.receipts, replayed: replayed.receipts },
  }
}

function turnOf(traced: TracedTurn | undefined): ForecastTurn | null {
  if (traced === undefined) return null
  const { turn, atMs } = traced
  return { text: turn.text, committedAtMs: atMs, delayMs: atMs - turn.lastVoicedAtMs }
}
