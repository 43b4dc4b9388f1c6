import type { BudgetSpec, Envelope, EnvelopeKind, ExceededCap, OnExceed, Spend } from './budget-port.ts'
import { checkOptions } from './options.ts'
import { ParleyError } from './parley-error.ts'
import { checkAmount, toNanoUsd } from './price.ts'

/** A counted amount: the cost as far as it is known, and how many amounts of unknown cost are in it. */
export interface Sum {
  readonly nanoUsd: number
  readonly unknownCosts: number
  readonly tokens: number
  readonly calls: number
  readonly visits: number
}

/** The counters of one envelope. Immutable: each function gives a new one. */
export interface EnvelopeState {
  readonly kind: EnvelopeKind
  readonly id: string
  readonly spec: BudgetSpec
  /** The cost cap in nano-USD. */
  readonly capNanoUsd: number | undefined
  /** Monotonic ms. */
  readonly startedAtMs: number
  readonly settled: Sum
  readonly reserved: Sum
  /** Shares of `warnAt` that were passed already. */
  readonly warned: readonly number[]
}

/** Why an envelope does not take a reservation. */
export interface Refusal {
  readonly envelope: EnvelopeState
  readonly exceeded: ExceededCap
  readonly onExceed: OnExceed
}

export const emptySum: Sum = { nanoUsd: 0, unknownCosts: 0, tokens: 0, calls: 0, visits: 0 }

/** The keys of a budget. */
export const budgetKeys: readonly (keyof BudgetSpec)[] = [
  'maxCostUsd',
  'maxTokens',
  'maxCalls',
  'maxWallMs',
  'maxVisits',
  'warnAt',
  'onExceed',
]

/** What may be done when a call does not fit. */
export const onExceedValues: readonly OnExceed[] = ['stop', 'downgrade', 'pause', 'warn']

/**
 * An envelope without any spend.
 * @throws `budget_invalid` for caps that are not amounts, shares outside 0 to 1, or `downgrade` on wall time or visits;
 * `invalid_options` for a key that is no cap, since a cap under another name would hold nothing back
 */
export function openEnvelope(kind: EnvelopeKind, id: string, spec: BudgetSpec, nowMs: number): EnvelopeState {
  checkOptions('budget', spec, budgetKeys)
  const { maxCostUsd, maxTokens, maxCalls, maxWallMs, maxVisits, warnAt = [], onExceed } = spec
  if (onExceed !== undefined && !onExceedValues.includes(onExceed)) {
    throw new ParleyError({
      code: 'budget_invalid',
      message: `onExceed is "${String(onExceed)}". Use one of ${onExceedValues.join(', ')}.`,
      details: { path: 'onExceed', expected: [...onExceedValues] },
    })
  }
  const capNanoUsd = maxCostUsd === undefined ? undefined : toNanoUsd(maxCostUsd)
  for (const [name, cap] of Object.entries({ maxTokens, maxCalls, maxWallMs, maxVisits })) {
    if (cap !== undefined) checkAmount(name, cap)
  }
  if (!warnAt.every((share) => share > 0 && share <= 1)) {
    throw new ParleyError({
      code: 'budget_invalid',
      message: 'warnAt holds shares of a cap, above 0 and up to 1, such as [0.8].',
      details: { path: 'warnAt', expected: 'shares above 0 and up to 1' },
    })
  }
  if (onExceed === 'downgrade' && (maxWallMs !== undefined || maxVisits !== undefined)) {
    throw new ParleyError({
      code: 'budget_invalid',
      message:
        'A smaller model saves neither wall time nor visits: use stop, warn or pause with maxWallMs and maxVisits.',
      details: { path: 'onExceed', expected: ['stop', 'warn', 'pause'] },
    })
  }
  return { kind, id, spec, capNanoUsd, startedAtMs: nowMs, settled: emptySum, reserved: emptySum, warned: [] }
}

/**
 * An envelope with other caps; what was spent and what is held stays. Shares that are passed already are not told again.
 * @throws `budget_invalid` as `openEnvelope`
 */
export function relimit({ kind, id, startedAtMs, settled, reserved }: EnvelopeState, spec: BudgetSpec): EnvelopeState {
  return passWarnings({ ...openEnvelope(kind, id, spec, startedAtMs), settled, reserved }).envelope
}

/** A spend as an amount that can be counted with. @throws `budget_invalid` */
export function toSum({ costNanoUsd, tokens = 0, calls = 1, visits = 0 }: Spend): Sum {
  if (costNanoUsd !== null) checkAmount('costNanoUsd', costNanoUsd)
  checkAmount('tokens', tokens)
  checkAmount('calls', calls)
  checkAmount('visits', visits)
  return { nanoUsd: costNanoUsd ?? 0, unknownCosts: costNanoUsd === null ? 1 : 0, tokens, calls, visits }
}

/** What a call really took; an unknown cost is booked at what was held for it, never at zero. */
export function settledSum(actual: Sum, held: Sum): Sum {
  if (actual.unknownCosts === 0 || held.unknownCosts > 0) return actual
  return { ...actual, nanoUsd: held.nanoUsd, unknownCosts: 0 }
}

/** The refusal of the innermost envelope that does not take the amount, if any. `warn` refuses nothing. */
export function findRefusal(envelopes: readonly EnvelopeState[], amount: Sum, nowMs: number): Refusal | undefined {
  for (const envelope of envelopes.toReversed()) {
    const { onExceed = 'stop' } = envelope.spec
    const exceeded = findExceeded(envelope, amount, nowMs)
    if (exceeded !== undefined && onExceed !== 'warn') return { envelope, exceeded, onExceed }
  }
  return undefined
}

/** The first cap that an amount on top of what is settled and reserved would pass. */
export function findExceeded(envelope: EnvelopeState, amount: Sum, nowMs: number): ExceededCap | undefined {
  const { spec, capNanoUsd, settled, reserved } = envelope
  const isTimeOver = spec.maxWallMs !== undefined && nowMs - envelope.startedAtMs >= spec.maxWallMs
  if (spec.maxVisits !== undefined && amount.visits > 0) {
    if (settled.visits + reserved.visits + amount.visits > spec.maxVisits) return 'max_visits'
  }
  // A visit that asks no model is not kept out by calls that have spent too much.
  if (amount.visits > 0 && amount.calls === 0) return isTimeOver ? 'max_wall_ms' : undefined
  if (capNanoUsd !== undefined) {
    if (amount.unknownCosts > 0) return 'price_unknown'
    if (settled.nanoUsd + reserved.nanoUsd + amount.nanoUsd > capNanoUsd) return 'max_cost_usd'
  }
  if (spec.maxTokens !== undefined && settled.tokens + reserved.tokens + amount.tokens > spec.maxTokens)
    return 'max_tokens'
  if (spec.maxCalls !== undefined && settled.calls + reserved.calls + amount.calls > spec.maxCalls) return 'max_calls'
  return isTimeOver ? 'max_wall_ms' : undefined
}

/** Holds an amount. @throws `budget_invalid` when the sum cannot be counted any more */
export function hold(envelope: EnvelopeState, amount: Sum): EnvelopeState {
  return { ...envelope, reserved: add(envelope.reserved, amount) }
}

/** Lets go of a held amount. */
export function letGo(envelope: EnvelopeState, held: Sum): EnvelopeState {
  return { ...envelope, reserved: subtract(envelope.reserved, held) }
}

/** Lets go of what was held and books what was spent. @throws `budget_invalid` when the sum cannot be counted any more */
export function book(envelope: EnvelopeState, held: Sum, spent: Sum): EnvelopeState {
  return { ...letGo(envelope, held), settled: add(envelope.settled, spent) }
}

/** The shares of `warnAt` that were passed since the last look, and the envelope that remembers them. */
export function passWarnings(envelope: EnvelopeState): { envelope: EnvelopeState; shares: number[] } {
  const { spec, capNanoUsd, settled, reserved, warned } = envelope
  const used = Math.max(
    shareOf(settled.nanoUsd + reserved.nanoUsd, capNanoUsd),
    shareOf(settled.tokens + reserved.tokens, spec.maxTokens),
    shareOf(settled.calls + reserved.calls, spec.maxCalls),
    shareOf(settled.visits + reserved.visits, spec.maxVisits),
  )
  // Where a cap does not stop, passing it is told like any other share.
  const watched = [...(spec.warnAt ?? [0.8]), ...(spec.onExceed === 'warn' ? [1] : [])]
  const shares = [...new Set(watched)].filter((share) => used >= share && !warned.includes(share))
  return shares.length === 0
    ? { envelope, shares }
    : { envelope: { ...envelope, warned: [...warned, ...shares] }, shares }
}

/** An envelope as callers see it: `remaining` has a figure for each cap and `null` or nothing where there is none. */
export function toEnvelope({ kind, id, spec, capNanoUsd, settled, reserved }: EnvelopeState): Envelope {
  const left = (cap: number, one: number, other: number): number => Math.max(0, cap - one - other)
  return {
    kind,
    id,
    spec,
    settled: toSpend(settled),
    reserved: toSpend(reserved),
    remaining: {
      costNanoUsd: capNanoUsd === undefined ? null : left(capNanoUsd, settled.nanoUsd, reserved.nanoUsd),
      ...(spec.maxTokens === undefined ? {} : { tokens: left(spec.maxTokens, settled.tokens, reserved.tokens) }),
      ...(spec.maxCalls === undefined ? {} : { calls: left(spec.maxCalls, settled.calls, reserved.calls) }),
      ...(spec.maxVisits === undefined ? {} : { visits: left(spec.maxVisits, settled.visits, reserved.visits) }),
    },
  }
}

function toSpend({ nanoUsd, unknownCosts, tokens, calls, visits }: Sum): Spend {
  return { costNanoUsd: unknownCosts > 0 ? null : nanoUsd, tokens, calls, ...(visits === 0 ? {} : { visits }) }
}

function shareOf(used: number, cap: number | undefined): number {
  if (cap === undefined) return 0
  return cap === 0 ? Number(used > 0) : used / cap
}

function add(one: Sum, other: Sum): Sum {
  const sum: Sum = {
    nanoUsd: one.nanoUsd + other.nanoUsd,
    unknownCosts: one.unknownCosts + other.unknownCosts,
    tokens: one.tokens + other.tokens,
    calls: one.calls + other.calls,
    visits: one.visits + other.visits,
  }
  checkAmount('costNanoUsd', sum.nanoUsd)
  checkAmount('tokens', sum.tokens)
  checkAmount('calls', sum.calls)
  checkAmount('visits', sum.visits)
  return sum
}

function subtract(one: Sum, other: Sum): Sum {
  return {
    nanoUsd: one.nanoUsd - other.nanoUsd,
    unknownCosts: one.unknownCosts - other.unknownCosts,
    tokens: one.tokens - other.tokens,
    calls: one.calls - other.calls,
    visits: one.visits - other.visits,
  }
}
