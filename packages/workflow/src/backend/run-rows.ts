import type { AttemptRecord, CommitBatch, Json, LedgerEntry, ModelReceipt, StepRunRecord } from '@parley/spec'

/**
 * The rows of one run besides its events and waits. They are kept as they are given, never copied: who commits a record
 * does not change it afterwards. Collections that most runs do without are made when first needed.
 */
export class RunRows {
  readonly #stepRuns = new Map<string, StepRunRecord>()
  /** By step: one record, or all by number once there are several. */
  readonly #attempts = new Map<string, AttemptRecord | Map<number, AttemptRecord>>()
  readonly #state = new Map<string, Json>()
  #ledger: Map<string, LedgerEntry> | undefined
  #receipts: Map<string, ModelReceipt> | undefined

  /** Writes the rows of a batch; nothing here can fail. */
  write({ stepRuns, attempts, state, ledger, receipts }: CommitBatch): void {
    if (stepRuns !== undefined) for (const record of stepRuns) this.#stepRuns.set(record.stepKey, record)
    if (attempts !== undefined) for (const record of attempts) this.#writeAttempt(record)
    if (state !== undefined) this.#writeState(state)
    if (ledger !== undefined && ledger.length > 0) this.#writeLedger(ledger)
    if (receipts !== undefined && receipts.length > 0) {
      this.#receipts ??= new Map()
      for (const receipt of receipts) this.#receipts.set(receipt.receiptId, receipt)
    }
  }

  stepRuns(): StepRunRecord[] {
    return [...this.#stepRuns.values()].sort((a, b) => a.seq - b.seq)
  }

  attempts(): AttemptRecord[] {
    return [...this.#attempts.values()].flatMap((known) =>
      known instanceof Map ? [...known.values()].sort((a, b) => a.attempt - b.attempt) : [known],
    )
  }

  state(): { [key: string]: Json } {
    return Object.fromEntries(this.#state)
  }

  ledger(): LedgerEntry[] {
    return [...(this.#ledger?.values() ?? [])]
  }

  receipts(): Iterable<ModelReceipt> {
    return this.#receipts?.values() ?? []
  }

  #writeAttempt(record: AttemptRecord): void {
    const known = this.#attempts.get(record.stepKey)
    if (known === undefined) this.#attempts.set(record.stepKey, record)
    else if (known instanceof Map) known.set(record.attempt, record)
    else if (known.attempt === record.attempt) this.#attempts.set(record.stepKey, record)
    else {
      const all = new Map([
        [known.attempt, known],
        [record.attempt, record],
      ])
      this.#attempts.set(record.stepKey, all)
    }
  }

  #writeState({ set, unset }: NonNullable<CommitBatch['state']>): void {
    if (unset !== undefined) for (const key of unset) this.#state.delete(key)
    if (set === undefined) return
    for (const key in set) {
      const value = set[key]
      if (value !== undefined) this.#state.set(key, value)
    }
  }

  #writeLedger(entries: readonly LedgerEntry[]): void {
    this.#ledger ??= new Map()
    for (const entry of entries) {
      const key = `${entry.kind} ${entry.key}`
      // Repeating a movement changes nothing.
      if (!this.#ledger.has(key)) this.#ledger.set(key, entry)
    }
  }
}
