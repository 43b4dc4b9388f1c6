import {
  book,
  findRefusal,
  hold,
  letGo,
  openEnvelope,
  passWarnings,
  relimit,
  settledSum,
  toEnvelope,
  toSum,
  type EnvelopeState,
  type Sum,
} from './budget-arithmetic.ts'
import type { Budget, BudgetSpec, Envelope, EnvelopeKind, Reservation, Spend } from './budget-port.ts'
import { ParleyError } from './parley-error.ts'
import type { Clock } from './world.ts'

/** How many finished keys are remembered; older ones are unknown again. */
const maxFinishedKeys = 100_000

/** Something that a budget says besides its answers. */
export interface BudgetWarning {
  envelope: Envelope
  /** The share of a cap that was passed, of `warnAt`. */
  share: number
}

/** What a budget is made with. */
export interface BudgetOptions {
  clock: Clock
  /** Told once per envelope and share of `warnAt`. */
  onWarning?: (warning: BudgetWarning) => void
  /** What was spent before, of work that is taken up again. @default nothing */
  settled?: Spend
}

/** One envelope's counters; shared by all budgets that nest in it. */
interface Cell {
  state: EnvelopeState
}

interface Held {
  cells: readonly Cell[]
  sum: Sum
}

/** What the budgets of one nest share: which keys hold what, and which are over. */
interface Ledger {
  held: Map<string, Held>
  finished: Map<string, 'settled' | 'released'>
}

/**
 * A budget with its counters in memory. It reserves before a call and settles after it, all or nothing over its
 * envelopes, in integer nano-USD; each step is one synchronous change, so no two callers pass a cap together.
 * @throws `budget_invalid`
 */
export function createBudget(kind: EnvelopeKind, id: string, spec: BudgetSpec, options: BudgetOptions): Budget {
  const ledger: Ledger = { held: new Map(), finished: new Map() }
  return nest([], kind, id, spec, ledger, options)
}

function nest(
  outer: readonly Cell[],
  kind: EnvelopeKind,
  id: string,
  spec: BudgetSpec,
  ledger: Ledger,
  options: BudgetOptions,
): Budget {
  const { clock, settled, ...rest } = options
  const own: Cell = { state: openedAt(openEnvelope(kind, id, spec, clock.monotonicMs()), settled) }
  const cells: readonly Cell[] = [...outer, own]
  return {
    get envelopes() {
      return cells.map(({ state }) => toEnvelope(state))
    },
    async reserve(key, estimate, { signal } = {}): Promise<Reservation> {
      signal?.throwIfAborted()
      if (ledger.held.has(key) || ledger.finished.has(key)) return { ok: true, key }
      const sum = toSum(estimate)
      const refusal = findRefusal(
        cells.map(({ state }) => state),
        sum,
        clock.monotonicMs(),
      )
      if (refusal) {
        const { envelope, exceeded, onExceed } = refusal
        return {
          ok: false,
          code: 'budget_exceeded',
          envelope: { kind: envelope.kind, id: envelope.id },
          exceeded,
          onExceed,
        }
      }
      change(cells, (state) => hold(state, sum), options)
      ledger.held.set(key, { cells, sum })
      return { ok: true, key }
    },
    async settle(key, actual) {
      if (ledger.finished.get(key) === 'settled') return
      const held = ledger.held.get(key)
      if (!held) throw unknownKey(key, ledger.finished.has(key))
      const spent = settledSum(toSum(actual), held.sum)
      change(held.cells, (state) => book(state, held.sum, spent), options)
      finish(ledger, key, 'settled')
    },
    async release(key) {
      if (ledger.finished.has(key)) return
      const held = ledger.held.get(key)
      if (!held) throw unknownKey(key, false)
      change(held.cells, (state) => letGo(state, held.sum), options)
      finish(ledger, key, 'released')
    },
    child: (childKind, childId, childSpec, opened = {}) =>
      nest(cells, childKind, childId, childSpec, ledger, { ...rest, clock, ...opened }),
    limit(next) {
      own.state = relimit(own.state, next)
    },
  }
}

/** An envelope with what was spent before; shares of its caps that were passed then are not told of again. */
function openedAt(envelope: EnvelopeState, settled: Spend | undefined): EnvelopeState {
  return settled === undefined ? envelope : passWarnings({ ...envelope, settled: toSum(settled) }).envelope
}

/** Changes all envelopes or, when one cannot count the sum, none. */
function change(
  cells: readonly Cell[],
  next: (state: EnvelopeState) => EnvelopeState,
  { clock, onWarning }: BudgetOptions,
): void {
  const states = cells.map(({ state }) => passWarnings(next(state)))
  states.forEach(({ envelope, shares }, index) => {
    const cell = cells[index]
    if (cell) cell.state = envelope
    if (!onWarning) return
    // Apart from the change, so that a listener that throws cannot undo it.
    for (const share of shares) clock.setTimer(0, () => onWarning({ envelope: toEnvelope(envelope), share }))
  })
}

function finish(ledger: Ledger, key: string, how: 'settled' | 'released'): void {
  ledger.held.delete(key)
  ledger.finished.set(key, how)
  if (ledger.finished.size <= maxFinishedKeys) return
  const [oldest] = ledger.finished.keys()
  if (oldest !== undefined) ledger.finished.delete(oldest)
}

function unknownKey(key: string, isReleased: boolean): ParleyError {
  return new ParleyError({
    code: 'budget_invalid',
    message: `The reservation "${key}" ${isReleased ? 'was released' : 'is unknown'}. Reserve under this key before settling or releasing it.`,
    details: { key, expected: 'a key that is reserved' },
  })
}
