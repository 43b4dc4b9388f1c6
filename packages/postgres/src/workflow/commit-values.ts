import { clipEventData } from '@parley/spec'
import type {
  CommitBatch,
  LedgerEntry,
  ModelReceipt,
  RunEvent,
  RunRecord,
  StepRunRecord,
  WaitRecord,
} from '@parley/spec'

import { toRunDoc } from './run-record.ts'
import { StoredValues } from './stored-values.ts'

/** The events of a batch as they are stored, without what comes from their row. */
export type StoredEvent = Omit<RunEvent, 'seq' | 'ts' | 'runId'>

/** A batch as the functions of the database take it. */
export interface CommitValues {
  events: StoredEvent[]
  /** Of `parley.commit_steps`, after the first six. */
  steps: unknown[]
  /** Of `parley.commit_all`, after those; absent when the batch has nothing for them. */
  rest: unknown[] | undefined
}

const runValues = ['input', 'output', 'outputs'] as const

/** Writes a batch out. `run` is the run with the patch of the batch, when it has one. */
export function toCommitValues(batch: CommitBatch, run: RunRecord | undefined): CommitValues {
  const values = new StoredValues()
  const events = batch.events.map((event) => {
    const data = clipEventData(event.data)
    return data === event.data ? event : { ...event, data }
  })
  const groups = [...stepGroups(batch, values), ...attemptGroups(batch), ...stateGroups(batch, values)]
  const rest = hasRest(batch) ? toRest(batch, run, values) : undefined
  const { blobs } = values
  return {
    events,
    steps: [
      events.length === 0 ? null : events.map((event) => JSON.stringify(event)),
      ...groups,
      ...(blobs.size === 0 ? nulls(2) : [[...blobs.keys()], [...blobs.values()]]),
    ],
    rest,
  }
}

function stepGroups({ stepRuns = [] }: CommitBatch, values: StoredValues): unknown[] {
  const records = lastOfEach(stepRuns, (record) => record.stepKey)
  if (records.length === 0) return nulls(4)
  const outputs = records.map(({ output }) => values.store(output))
  return [
    records.map((record) => record.stepKey),
    records.map(toStepDoc),
    outputs.map(({ text }) => text),
    outputs.map(({ blob }) => blob),
  ]
}

function attemptGroups({ attempts = [] }: CommitBatch): unknown[] {
  const records = lastOfEach(attempts, (record) => `${record.attempt} ${record.stepKey}`)
  if (records.length === 0) return nulls(3)
  return [
    records.map((record) => record.stepKey),
    records.map((record) => record.attempt),
    records.map((record) => JSON.stringify(record)),
  ]
}

function stateGroups({ state: { set = {}, unset = [] } = {} }: CommitBatch, values: StoredValues): unknown[] {
  const removed = unset.length === 0 ? [] : [...new Set(unset)].filter((key) => !Object.hasOwn(set, key))
  const keys = Object.keys(set).filter((key) => set[key] !== undefined)
  if (keys.length + removed.length === 0) return nulls(3)
  const stored = [...keys.map((key) => values.store(set[key])), ...removed.map(() => values.store(undefined))]
  return [[...keys, ...removed], stored.map(({ text }) => text), stored.map(({ blob }) => blob)]
}

function hasRest({ run, definition, ledger = [], receipts = [], waits = [] }: CommitBatch): boolean {
  return run !== undefined || definition !== undefined || ledger.length + receipts.length + waits.length > 0
}

function toRest(batch: CommitBatch, run: RunRecord | undefined, values: StoredValues): unknown[] {
  const { definition, ledger = [], receipts = [], waits = [] } = batch
  return [
    ...runGroups(batch, run, values),
    definition === undefined
      ? null
      : [definition.hash, definition.name, definition.version, JSON.stringify(definition)],
    ...ledgerGroups(ledger),
    ...receiptGroups(lastOfEach(receipts, (receipt) => receipt.receiptId)),
    ...waitGroups(lastOfEach(waits, (wait) => wait.id)),
  ]
}

function runGroups({ run: patch }: CommitBatch, run: RunRecord | undefined, values: StoredValues): unknown[] {
  if (patch === undefined || run === undefined) return nulls(6)
  const changed = runValues.filter((name) => Object.hasOwn(patch, name))
  const stored = changed.map((name) => values.store(patch[name]))
  return [
    JSON.stringify(toRunDoc(run)),
    run.status,
    run.definitionHash,
    changed,
    stored.map(({ text }) => text),
    stored.map(({ blob }) => blob),
  ]
}

function ledgerGroups(entries: readonly LedgerEntry[]): unknown[] {
  if (entries.length === 0) return nulls(3)
  return [
    entries.map((entry) => entry.key),
    entries.map((entry) => entry.kind),
    entries.map((entry) => JSON.stringify(entry)),
  ]
}

function receiptGroups(receipts: readonly ModelReceipt[]): unknown[] {
  if (receipts.length === 0) return nulls(4)
  return [
    receipts.map((receipt) => receipt.receiptId),
    receipts.map((receipt) => receipt.taskId),
    receipts.map((receipt) => receipt.tenantId),
    receipts.map((receipt) => JSON.stringify(receipt)),
  ]
}

function waitGroups(waits: readonly WaitRecord[]): unknown[] {
  if (waits.length === 0) return nulls(5)
  return [
    waits.map((wait) => wait.id),
    waits.map((wait) => wait.tokenHash ?? null),
    waits.map((wait) => wait.status),
    waits.map(({ status: _status, resolution: _resolution, ...doc }) => JSON.stringify(doc)),
    waits.map(({ resolution }) => (resolution === undefined ? null : JSON.stringify(resolution))),
  ]
}

function toStepDoc({ output: _output, ...doc }: StepRunRecord): string {
  return JSON.stringify(doc)
}

/** A statement cannot write one row twice: of records with one key the last counts, at the place of the first. */
function lastOfEach<Row>(rows: readonly Row[], keyOf: (row: Row) => string): readonly Row[] {
  return rows.length < 2 ? rows : [...new Map(rows.map((row) => [keyOf(row), row])).values()]
}

function nulls(count: number): null[] {
  return Array.from({ length: count }, () => null)
}
