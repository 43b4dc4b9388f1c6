import { isSignalKept, leaseLost, runUnknown } from '@parley/spec'
import type {
  AttemptRecord,
  Journal,
  Json,
  Lease,
  LedgerEntry,
  RunRecord,
  SignalRecord,
  SqlDatabase,
  StepRunRecord,
  WaitRecord,
  WaitResolution,
  WorkflowDefinition,
} from '@parley/spec'

import { toInstant } from './run-record.ts'
import type { RunDoc } from './run-record.ts'

/** A row of `parley.load_run`; `value` of JSON's null and of no value are told apart by the part. */
type JournalRow =
  | { part: 'f' }
  | { part: 'h'; number: number }
  | { part: 'r'; number: number; doc: RunDoc }
  | { part: 'v'; key: 'input' | 'output' | 'outputs'; value: Json }
  | { part: 'd'; doc: WorkflowDefinition }
  | { part: 's'; doc: Omit<StepRunRecord, 'output'>; has_value: boolean; value: Json }
  | { part: 'a'; doc: AttemptRecord }
  | { part: 'k'; key: string; value: Json }
  | { part: 'l'; doc: LedgerEntry }
  | {
      part: 'w'
      key: WaitRecord['status']
      doc: Omit<WaitRecord, 'status' | 'resolution'>
      value: WaitResolution | null
    }
  | { part: 'g'; doc: SignalRecord }

/** Which journal: of a lease, which must be the present one, or of a run without the right to write. */
export type JournalOf = Pick<Lease, 'runId'> | Lease

/**
 * Reads everything of a run in one statement.
 * @throws {ParleyError} `run_unknown`, `lease_lost`
 */
export async function readJournal(database: SqlDatabase, of: JournalOf, nowMs: number): Promise<Journal> {
  const { rows } = await database.query<JournalRow>(
    'SELECT part, key, number, doc, value IS NOT NULL AS has_value, value FROM parley.load_run($1, $2::integer)',
    [of.runId, 'epoch' in of ? of.epoch : null],
  )
  if (rows.length === 0) throw runUnknown(of.runId)
  const run: Partial<RunRecord> = {}
  const state = new Map<string, Json>()
  let definition: WorkflowDefinition | undefined
  let lastSeq = 0
  const journal: Omit<Journal, 'run' | 'definition' | 'state' | 'lastSeq'> = {
    stepRuns: [],
    attempts: [],
    ledger: [],
    waits: [],
    signals: [],
  }
  for (const row of rows) {
    switch (row.part) {
      case 'f':
        if ('epoch' in of) throw leaseLost(of)
        break
      case 'h':
        lastSeq = row.number
        break
      case 'r':
        Object.assign(run, row.doc, { updatedAt: toInstant(row.number) })
        break
      case 'v':
        Object.assign(run, { [row.key]: row.value })
        break
      case 'd':
        definition = row.doc
        break
      case 's':
        journal.stepRuns.push(row.has_value ? { ...row.doc, output: row.value } : row.doc)
        break
      case 'a':
        journal.attempts.push(row.doc)
        break
      case 'k':
        state.set(row.key, row.value)
        break
      case 'l':
        journal.ledger.push(row.doc)
        break
      case 'w':
        journal.waits.push({ ...row.doc, status: row.key, ...(row.value === null ? {} : { resolution: row.value }) })
        break
      case 'g':
        journal.signals.push(row.doc)
        break
    }
  }
  if (definition === undefined) throw runUnknown(of.runId)
  return {
    ...journal,
    // The run's row and its input come with every journal.
    run: run as RunRecord,
    definition,
    state: Object.fromEntries(state),
    lastSeq,
    stepRuns: journal.stepRuns.sort((a, b) => a.seq - b.seq),
    signals: journal.signals.filter((signal) => isSignalKept(signal, journal.waits, nowMs)),
  }
}
