import { createBudget, type Budget, type BudgetSpec, type Clock, type Envelope, type Spend } from '@parley/spec'
import { watchedBudget } from './watched-budget.ts'

/** What envelopes of tasks are made with. */
export interface TaskEnvelopesOptions {
  clock: Clock
  tenantBudget: ((tenantId: string) => Budget | undefined) | undefined
  resumeRun: (runId: string) => void
}

interface TaskEnvelope {
  spec: BudgetSpec
  budget: Budget
  /** The one of the tenant that it is in. */
  outer: Budget | undefined
}

/** Envelopes of tasks, each in that of its tenant, and the runs that they have put aside. */
export class TaskEnvelopes {
  readonly #options: TaskEnvelopesOptions
  readonly #envelopes = new Map<string, TaskEnvelope>()
  /** Runs that stand still until there is room, with what they have asked for, by task. */
  readonly #parked = new Map<string, Map<string, Spend>>()

  constructor(options: TaskEnvelopesOptions) {
    this.#options = options
  }

  specOf(id: string): BudgetSpec | undefined {
    return this.#envelopes.get(id)?.spec
  }

  /**
   * Gives a task its caps, or others.
   * @param settled - what a task has spent that had none so far
   * @throws {ParleyError} `budget_invalid`
   */
  set(id: string, tenantId: string, spec: BudgetSpec, settled?: Spend): void {
    const known = this.#envelopes.get(id)
    if (known?.budget.limit === undefined) this.#envelopes.set(id, this.#made(id, tenantId, spec, settled))
    else {
      known.budget.limit(spec)
      known.spec = spec
    }
    this.#goOn(id, tenantId)
  }

  /** The envelope that calls of a task have to fit; absent where neither the task nor its tenant has one. */
  of(id: string, tenantId: string): Budget | undefined {
    const outer = this.#options.tenantBudget?.(tenantId)
    const known = this.#envelopes.get(id)
    if (known !== undefined && known.outer !== outer)
      this.#envelopes.set(id, this.#made(id, tenantId, known.spec, spentOf(known.budget)))
    const budget = this.#envelopes.get(id)?.budget ?? outer
    if (budget === undefined) return undefined
    return watchedBudget(budget, {
      onFit: () => this.#goOn(id, tenantId),
      onPause: (runId, { kind }, estimate) => {
        // What others spend is no matter to one that its own envelope has put aside.
        if (kind === 'task' || kind === 'tenant') this.park(id, runId, estimate)
      },
    })
  }

  /**
   * Notes a run that stands still because of a budget.
   * @param estimate - what it has asked for; absent: that is not known, so it tries once
   */
  park(id: string, runId: string, estimate: Spend = { costNanoUsd: 0, calls: 0 }): void {
    this.#parked.set(id, (this.#parked.get(id) ?? new Map<string, Spend>()).set(runId, estimate))
  }

  #made(id: string, tenantId: string, spec: BudgetSpec, settled: Spend | undefined): TaskEnvelope {
    const { tenantBudget, clock } = this.#options
    const outer = tenantBudget?.(tenantId)
    const past = settled === undefined ? {} : { settled }
    const budget =
      outer === undefined ? createBudget('task', id, spec, { clock, ...past }) : outer.child('task', id, spec, past)
    return { spec, budget, outer }
  }

  /** Takes up the runs of a task that fit now. */
  #goOn(id: string, tenantId: string): void {
    const parked = this.#parked.get(id)
    if (parked === undefined) return
    const { envelopes } = this.#envelopes.get(id)?.budget ?? this.#options.tenantBudget?.(tenantId) ?? { envelopes: [] }
    for (const [runId, estimate] of parked) {
      if (!envelopes.every((envelope) => fits(envelope, estimate))) continue
      parked.delete(runId)
      this.#options.resumeRun(runId)
    }
    if (parked.size === 0) this.#parked.delete(id)
  }
}

/** What was spent in the innermost envelope; what is held there counts as spent. */
function spentOf({ envelopes }: Budget): Spend {
  const { settled, reserved } = envelopes.at(-1) ?? { settled: { costNanoUsd: 0 }, reserved: { costNanoUsd: 0 } }
  const cost =
    settled.costNanoUsd === null || reserved.costNanoUsd === null ? null : settled.costNanoUsd + reserved.costNanoUsd
  return {
    costNanoUsd: cost,
    tokens: (settled.tokens ?? 0) + (reserved.tokens ?? 0),
    calls: (settled.calls ?? 0) + (reserved.calls ?? 0),
    visits: (settled.visits ?? 0) + (reserved.visits ?? 0),
  }
}

/** Whether an envelope has room for an amount. */
function fits({ spec, remaining }: Envelope, { costNanoUsd, tokens = 0, calls = 1, visits = 0 }: Spend): boolean {
  if (spec.onExceed === 'warn') return true
  const { costNanoUsd: leftNanoUsd, tokens: leftTokens = Infinity, calls: leftCalls = Infinity } = remaining
  const hasCost = leftNanoUsd === null || (costNanoUsd !== null && costNanoUsd <= leftNanoUsd)
  return hasCost && tokens <= leftTokens && calls <= leftCalls && visits <= (remaining.visits ?? Infinity)
}
