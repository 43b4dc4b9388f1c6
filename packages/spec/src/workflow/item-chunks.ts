import type { Json } from '../json.ts'
import type { AttemptRecord, StepRunRecord } from './runs.ts'

/** One item of a foreach that has ended, with the attempt that ended it. */
export interface ItemEntry {
  record: StepRunRecord
  attempt?: AttemptRecord
}

/**
 * One record for several items of a foreach that have ended: a list of a hundred thousand items does not make as many rows.
 * @param of - key of the step that they are items of
 */
export function toItemChunk(of: string, [first, ...others]: readonly [ItemEntry, ...ItemEntry[]]): StepRunRecord {
  const { runId, step, index, stepKey, seq, plan } = first.record
  return {
    runId,
    stepKey: `${of}#[${index ?? stepKey.slice(of.length + 1)}]`,
    step,
    status: 'completed',
    seq,
    attempts: 0,
    costNanoUsd: 0,
    receiptIds: [],
    chunk: true,
    ...(plan === undefined ? {} : { plan }),
    // Records are JSON: they are what a store keeps.
    output: [first, ...others] as unknown as Json,
  }
}

/** The records of a journal with its items one by one, in order of `seq`. */
export function readItemChunks<Rows extends { stepRuns: StepRunRecord[]; attempts: AttemptRecord[] }>(
  rows: Rows,
): Rows {
  if (!rows.stepRuns.some(({ chunk }) => chunk === true)) return rows
  const stepRuns = new Map<string, StepRunRecord>()
  const attempts = [...rows.attempts]
  const keep = (record: StepRunRecord): void => {
    const known = stepRuns.get(record.stepKey)
    // An item that ran again under a new plan is as it was then.
    if (known === undefined || (known.plan ?? 1) <= (record.plan ?? 1)) stepRuns.set(record.stepKey, record)
  }
  for (const row of rows.stepRuns) {
    if (row.chunk !== true) {
      keep(row)
      continue
    }
    // Written by `toItemChunk` alone.
    for (const { record, attempt } of row.output as unknown as ItemEntry[]) {
      keep(record)
      if (attempt !== undefined) attempts.push(attempt)
    }
  }
  return { ...rows, stepRuns: [...stepRuns.values()].sort((one, other) => one.seq - other.seq), attempts }
}
