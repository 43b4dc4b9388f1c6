import type { Budget, EnvelopeKind, Spend } from '@parley/spec'

/** Told of what becomes of reservations. */
export interface BudgetWatch {
  /** Something was reserved. */
  onFit: () => void
  /** The envelope puts the run aside, since it has no room for what was asked. */
  onPause: (runId: string, envelope: { kind: EnvelopeKind; id: string }, estimate: Spend) => void
}

/** A budget that tells how its reservations go, and those of the budgets inside of it. */
export function watchedBudget(budget: Budget, watch: BudgetWatch, runId?: string): Budget {
  return {
    get envelopes() {
      return budget.envelopes
    },
    async reserve(key, estimate, options) {
      const reservation = await budget.reserve(key, estimate, options)
      if (reservation.ok) watch.onFit()
      else if (reservation.onExceed === 'pause' && runId !== undefined)
        watch.onPause(runId, reservation.envelope, estimate)
      return reservation
    },
    settle: (key, actual, basis) => budget.settle(key, actual, basis),
    release: (key) => budget.release(key),
    // The outermost run is the one that is put aside and taken up; runs inside of it go with it.
    child: (kind, id, spec, options) =>
      watchedBudget(budget.child(kind, id, spec, options), watch, runId ?? (kind === 'run' ? id : undefined)),
    ...(budget.limit === undefined ? {} : { limit: (spec) => budget.limit?.(spec) }),
  }
}
