import type { Json, ModelReceipt, RunEvent } from '@parley/spec'

/** The first decision of a replay that is not as it was. */
export interface ReplayDifference {
  /** Of the event of the run at which it differs. */
  seq: number
  expected: Json
  actual: Json
}

/** What a run decided. */
export interface Decisions {
  events: readonly RunEvent[]
  receipts: readonly ModelReceipt[]
}

const compared: readonly RunEvent['type'][] = [
  'step_started',
  'step_retry',
  'step_skipped',
  'step_completed',
  'step_failed',
  'wait_created',
  'wait_resolved',
  'wait_expired',
]

/**
 * Finds the first decision that differs: which models were chosen, which steps ran, how often, and how they ended. Steps
 * that ran beside each other are compared one by one, since their order is not decided.
 * @param isWhole - the run came to its end by itself, so that nothing more was to be decided
 */
export function firstDifference(was: Decisions, is: Decisions, isWhole: boolean): ReplayDifference | undefined {
  const found = [...receiptDifferences(was, is), ...eventDifferences(was, is, isWhole)]
  return found.sort((one, other) => one.seq - other.seq)[0]
}

function* receiptDifferences(was: Decisions, is: Decisions): Generator<ReplayDifference> {
  const replayed = new Map(groups(is.receipts, placeOf))
  for (const [place, receipts] of groups(was.receipts, placeOf)) {
    const again = replayed.get(place)
    // What code of a step asks of models is not asked again: its output is recorded.
    if (again === undefined) continue
    for (const [index, receipt] of receipts.entries()) {
      const expected = decisionOf(receipt)
      const actual = again[index] === undefined ? null : decisionOf(again[index])
      if (!same(expected, actual)) yield { seq: seqOf(was.events, receipt), expected, actual }
    }
  }
}

function* eventDifferences(was: Decisions, is: Decisions, isWhole: boolean): Generator<ReplayDifference> {
  const replayed = new Map(groups(is.events.filter(isCompared), ({ stepKey = '' }) => stepKey))
  for (const [stepKey, events] of groups(was.events.filter(isCompared), ({ stepKey: key = '' }) => key)) {
    const again = replayed.get(stepKey) ?? []
    replayed.delete(stepKey)
    const length = isWhole ? Math.max(events.length, again.length) : events.length
    for (let index = 0; index < length; index++) {
      const [before, after] = [events[index], again[index]]
      const expected = before === undefined ? null : stepOf(before)
      const actual = after === undefined ? null : stepOf(after)
      if (same(expected, actual)) continue
      yield { seq: (before ?? events.at(-1))?.seq ?? 0, expected, actual }
      break
    }
  }
  if (!isWhole) return
  const last = was.events.at(-1)?.seq ?? 0
  for (const [event] of replayed.values())
    if (event !== undefined) yield { seq: last, expected: null, actual: stepOf(event) }
}

function isCompared({ type, stepKey }: RunEvent): boolean {
  return stepKey !== undefined && compared.includes(type)
}

/** What an event says of a decision: not when, how long or what it cost. */
function stepOf({ type, stepKey = '', attempt, data }: RunEvent): Json {
  const { kind, because, class: failure, final: isFinal, decision } = data
  return {
    type,
    step_key: stepKey,
    attempt: attempt ?? null,
    ...Object.fromEntries(
      Object.entries({ kind, because, class: failure, final: isFinal, decision }).filter(
        ([, value]) => value !== undefined,
      ),
    ),
  } as Json // of JSON values without those that are absent
}

function decisionOf({ stepKey, attempt, promptHash, decision }: ModelReceipt): Json {
  const { modelId, strategy, fallbackChain } = decision
  return {
    type: 'model_routing',
    step_key: stepKey ?? null,
    attempt: attempt ?? null,
    model_id: modelId,
    strategy,
    fallback_chain: fallbackChain,
    prompt_hash: promptHash,
  }
}

/** The event at which a decision was made: the attempt's own, else the end of its step. */
function seqOf(events: readonly RunEvent[], { stepKey, attempt }: ModelReceipt): number {
  const begun = events.find(
    (event) => event.type === 'step_started' && event.stepKey === stepKey && event.attempt === attempt,
  )
  return begun?.seq ?? 0
}

function placeOf({ stepKey = '', attempt = 0 }: ModelReceipt): string {
  return `${stepKey}:${attempt}`
}

function groups<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const value of values) {
    const group = found.get(keyOf(value))
    if (group === undefined) found.set(keyOf(value), [value])
    else group.push(value)
  }
  return found
}

function same(one: Json, other: Json): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
