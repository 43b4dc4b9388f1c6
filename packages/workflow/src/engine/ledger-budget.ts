import type { Budget, EnvelopeKind, LedgerEntry, Spend } from '@parley/spec'
import type { JournalWriter } from './journal-writer.ts'

/** What was reserved, by key: at its estimate while it is held, then `over`. */
export type OpenReservations = Map<string, Spend | 'over'>

/**
 * A budget whose movements are kept with the run, so that a run that is taken up again knows what was spent. `held` knows
 * what was reserved, and whether it was settled or released.
 */
export function ledgerBudget(budget: Budget, runId: string, writer: JournalWriter, held: OpenReservations): Budget {
  const entry = (key: string, kind: LedgerEntry['kind'], spend: Spend, basis?: 'usage' | 'estimate'): LedgerEntry => ({
    runId,
    key,
    kind,
    envelopes: budget.envelopes.map((envelope) => ({ kind: envelope.kind, id: envelope.id })),
    costNanoUsd: spend.costNanoUsd,
    tokens: spend.tokens ?? 0,
    calls: spend.calls ?? 1,
    ...(spend.visits === undefined ? {} : { visits: spend.visits }),
    ...(basis === undefined ? {} : { basis }),
  })
  const end = (key: string): boolean => {
    const isHeld = held.has(key) && held.get(key) !== 'over'
    if (isHeld) held.set(key, 'over')
    return isHeld
  }
  return {
    get envelopes() {
      return budget.envelopes
    },
    async reserve(key, estimate, options) {
      const reservation = await budget.reserve(key, estimate, options)
      if (reservation.ok && !held.has(key)) {
        held.set(key, estimate)
        writer.ledger(entry(key, 'reserve', estimate))
      }
      return reservation
    },
    async settle(key, actual, basis = 'usage') {
      await budget.settle(key, actual, basis)
      // What was settled when the run ended is not written a second time.
      if (end(key)) writer.ledger(entry(key, 'settle', actual, basis))
    },
    async release(key) {
      await budget.release(key)
      if (end(key)) writer.ledger(entry(key, 'release', { costNanoUsd: 0, tokens: 0, calls: 0 }))
    },
    child: (kind: EnvelopeKind, id, spec, options) =>
      ledgerBudget(budget.child(kind, id, spec, options), runId, writer, held),
    ...(budget.limit === undefined ? {} : { limit: (spec) => budget.limit?.(spec) }),
  }
}

/** Books what is still held at its estimate: a run that has come to rest holds nothing. */
export async function settleHeld(budget: Budget, held: OpenReservations): Promise<void> {
  for (const [key, estimate] of held) if (estimate !== 'over') await budget.settle(key, estimate, 'estimate')
}
