import {
  toItemChunk,
  type AttemptRecord,
  type Clock,
  type CommitBatch,
  type Disposer,
  type DurableBackend,
  type ItemEntry,
  type Json,
  type Lease,
  type LedgerEntry,
  type ModelReceipt,
  type RunEventType,
  type RunPatch,
  type StepRunRecord,
  type WaitRecord,
  type WorkflowDefinition,
} from '@parley/spec'

interface Pending extends CommitBatch {
  events: CommitBatch['events']
  stepRuns: StepRunRecord[]
  attempts: AttemptRecord[]
  state: { set: { [key: string]: Json }; unset?: string[] }
  /** Items that end between two commits, by the key of their step. */
  items?: Map<string, ItemEntry[]>
}

/** Items that wait for their commit at the most. */
const MAX_ITEMS = 1_000
/** How long an item waits for its commit at the most, in ms. */
const ITEM_DELAY_MS = 50

/**
 * Collects what happens in a run and commits it: everything that was added when a commit begins goes in one transaction,
 * and while one is under way the next one gathers. A failed commit is final: whoever flushes is told of it.
 */
export class JournalWriter {
  readonly #backend: DurableBackend
  readonly #lease: Lease
  readonly #clock: Clock
  #pending: Pending = empty()
  #isEmpty = true
  #flying: Promise<void> | undefined
  #failed: { error: unknown } | undefined
  #stopSoon: Disposer | undefined
  /** Items that wait for their commit. */
  #items = 0
  #stopItems: Disposer | undefined
  /** Told of each attempt as it is recorded. */
  onAttempt: ((record: AttemptRecord) => void) | undefined

  constructor(backend: DurableBackend, lease: Lease, clock: Clock) {
    this.#backend = backend
    this.#lease = lease
    this.#clock = clock
  }

  event(
    type: RunEventType,
    at: { step?: string; stepKey?: string; attempt?: number },
    data: { [key: string]: Json },
  ): void {
    this.#isEmpty = false
    if (at.step !== undefined && this.#backend.keepsEvents === false) return
    this.#pending.events.push(eventOf(type, at, data))
  }

  stepRun(record: StepRunRecord): void {
    this.#isEmpty = false
    this.#pending.stepRuns.push(record)
  }

  attempt(record: AttemptRecord): void {
    this.#isEmpty = false
    this.#pending.attempts.push(record)
    if (record.status !== 'running') this.onAttempt?.(record)
  }

  /**
   * An item of a long list: all that end between two commits are one record.
   * @returns resolves when there is room for the next one; `undefined`: there is
   */
  item(of: string, entry: ItemEntry): Promise<void> | undefined {
    this.#isEmpty = false
    const items = (this.#pending.items ??= new Map())
    const known = items.get(of)
    if (known === undefined) items.set(of, [entry])
    else known.push(entry)
    if (entry.attempt !== undefined) this.onAttempt?.(entry.attempt)
    this.#items += 1
    if (this.#stopItems === undefined) this.#flushItems()
    return this.#items < MAX_ITEMS && this.#failed === undefined ? undefined : this.flush()
  }

  #flushItems(): void {
    this.#stopItems = this.#clock.setTimer(ITEM_DELAY_MS, () => {
      this.#stopItems = undefined
      // The next item, or the end of the list, is told of its failure.
      if (this.#items > 0) this.flush().catch(() => {})
    })
  }

  ledger(entry: LedgerEntry): void {
    this.#isEmpty = false
    ;(this.#pending.ledger ??= []).push(entry)
  }

  receipt(receipt: ModelReceipt): void {
    this.#isEmpty = false
    ;(this.#pending.receipts ??= []).push(receipt)
  }

  wait(wait: WaitRecord): void {
    this.#isEmpty = false
    ;(this.#pending.waits ??= []).push(wait)
  }

  /** A new plan. */
  definition(definition: WorkflowDefinition): void {
    this.#isEmpty = false
    this.#pending.definition = definition
  }

  run(change: RunPatch): void {
    this.#isEmpty = false
    this.#pending.run = { ...this.#pending.run, ...change }
  }

  state(set: { [key: string]: Json }): void {
    for (const key in set) {
      this.#isEmpty = false
      this.#pending.state.set[key] = set[key] ?? null
    }
  }

  /** One value of the state. */
  value(key: string, value: Json): void {
    this.#isEmpty = false
    this.#pending.state.set[key] = value
  }

  replaceState(before: readonly string[], set: { [key: string]: Json }): void {
    this.#isEmpty = false
    const removed = before.filter((key) => !Object.hasOwn(set, key))
    this.#pending.state.unset = [...(this.#pending.state.unset ?? []), ...removed]
    this.state(set)
  }

  /** Nothing is written any more: whoever flushes from now on is told why. */
  abandon(error: unknown): void {
    this.#failed ??= { error }
  }

  /** Commits soon, for those who watch: what is not decided by anybody waiting for it. */
  flushSoon(): void {
    if (this.#stopSoon !== undefined || this.#isEmpty || this.#failed !== undefined) return
    this.#stopSoon = this.#clock.setTimer(0, () => {
      this.#stopSoon = undefined
      // Whoever waits for a commit is told of its failure; here nobody does.
      this.flush().catch(() => {})
    })
  }

  /** The run is over or put aside: no timer holds it any longer. What comes late is still written. */
  close(): void {
    this.#stopSoon?.()
    this.#stopItems?.()
    this.#stopSoon = this.#stopItems = undefined
    if (!this.#isEmpty && this.#failed === undefined) this.flush().catch(() => {})
  }

  /** Resolves when everything that was added until now is kept. @throws {ParleyError} `lease_lost` and what the store throws */
  flush(): Promise<void> {
    const isFree = this.#flying === undefined && this.#failed === undefined
    return isFree && !this.#isEmpty ? this.#send() : this.#flushAfter()
  }

  async #flushAfter(): Promise<void> {
    // Whoever sent it is told of its failure; here it only has to be over.
    while (this.#flying !== undefined) await this.#flying.catch(() => {})
    if (this.#failed !== undefined) throw this.#failed.error
    if (!this.#isEmpty) await this.#send()
  }

  #send(): Promise<void> {
    const { items, ...batch } = this.#pending
    this.#pending = empty()
    this.#isEmpty = true
    this.#items = 0
    for (const [of, [first, ...others]] of items ?? [])
      if (first !== undefined) batch.stepRuns.push(toItemChunk(of, [first, ...others]))
    this.#flying = this.#backend.commit(this.#lease, batch).then(this.#onKept, this.#onLost)
    return this.#flying
  }

  readonly #onKept = (): void => {
    this.#flying = undefined
  }

  readonly #onLost = (error: unknown): never => {
    this.#flying = undefined
    this.#failed ??= { error }
    throw error
  }
}

/** Of one of three shapes, written out: a run of a thousand steps has thousands of them. */
function eventOf(
  type: RunEventType,
  at: { step?: string; stepKey?: string; attempt?: number },
  data: { [key: string]: Json },
): CommitBatch['events'][number] {
  const { step, stepKey, attempt } = at
  if (step === undefined || stepKey === undefined) return { type, ...at, data }
  return attempt === undefined ? { type, step, stepKey, data } : { type, step, stepKey, attempt, data }
}

function empty(): Pending {
  return { events: [], stepRuns: [], attempts: [], state: { set: {} } }
}
