import { terminalRunStatuses } from '@parley/spec'
import type { Instant, RunPatch, RunRecord, WorkflowDefinition } from '@parley/spec'

import { EventLog } from './event-log.ts'
import { createHeldLease } from './executor-leases.ts'
import type { HeldLease } from './executor-leases.ts'
import { RunRows } from './run-rows.ts'

/** One run in memory. */
export class MemoryRun {
  /** Rises from run to run: the order of creation. */
  readonly number: number
  readonly held: HeldLease = createHeldLease()
  readonly events: EventLog
  readonly rows: RunRows = new RunRows()
  definition: WorkflowDefinition
  updatedAt: Instant
  /** Set with what ends the run. */
  endedAtMs: number | undefined
  #record: RunRecord

  constructor(number: number, record: RunRecord, definition: WorkflowDefinition) {
    this.number = number
    this.definition = definition
    this.updatedAt = record.updatedAt
    this.events = new EventLog(record.id)
    this.#record = record
    if (terminalRunStatuses.includes(record.status)) this.endedAtMs = Date.parse(record.endedAt ?? record.updatedAt)
  }

  /** As it is now. Its `updatedAt` moves with every commit, so it is put in only here. */
  get record(): RunRecord {
    const { updatedAt } = this
    if (this.#record.updatedAt !== updatedAt) this.#record = { ...this.#record, updatedAt }
    return this.#record
  }

  patch(change: RunPatch): void {
    const next: RunPatch = { ...this.#record, ...change, id: this.#record.id }
    for (const [field, value] of Object.entries(next)) {
      // A key of the patch itself, so it is one of its fields.
      if (value === undefined) delete next[field as keyof RunPatch]
    }
    // What was undefined is gone, and fields that every run has are never undefined in a patch.
    this.#record = next as RunRecord
  }

  get isOver(): boolean {
    return this.endedAtMs !== undefined
  }

  end(nowMs: number): void {
    this.endedAtMs ??= this.#record.endedAt === undefined ? nowMs : Date.parse(this.#record.endedAt)
  }
}
