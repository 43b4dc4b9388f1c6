import { runExists, runUnknown } from '@parley/spec'
import type { RunRecord, SqlDatabase, WorkflowDefinition } from '@parley/spec'

import { storeUnavailable } from '../database/database-errors.ts'
import { endedAtMs, runColumns, runTables, toRunDoc, toRunRecord } from './run-record.ts'
import type { RunRow } from './run-record.ts'
import { StoredValues } from './stored-values.ts'

/** One run, if there is one of this id. */
export async function getRun(database: SqlDatabase, runId: string): Promise<RunRecord | undefined> {
  const { rows } = await database.query<RunRow>(`SELECT ${runColumns} FROM ${runTables} WHERE r.id = $1`, [runId])
  return rows[0] === undefined ? undefined : toRunRecord(rows[0])
}

/**
 * Makes a run, or finds the one that is there already. The definition is given unless it is known to be kept.
 * @throws {ParleyError} `invalid_options` when another tenant has the id
 */
export async function createRun(
  database: SqlDatabase,
  run: RunRecord,
  definition: WorkflowDefinition | undefined,
): Promise<{ run: RunRecord; created: boolean }> {
  const values = new StoredValues()
  const stored = [run.input, run.output, run.outputs].map((value) => values.store(value))
  const updatedMs = Date.parse(run.updatedAt)
  const { rows } = await database.query<{ outcome: 'created' | 'known' | 'taken'; run_id: string }>(
    'SELECT outcome, run_id FROM parley.create_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)',
    [
      run.id,
      run.tenantId,
      run.taskId,
      run.status,
      run.workflow,
      run.definitionHash,
      run.idempotencyKey ?? null,
      JSON.stringify(toRunDoc(run)),
      stored.map(({ text }) => text),
      stored.map(({ blob }) => blob),
      updatedMs,
      endedAtMs(run, updatedMs) ?? null,
      definition === undefined ? null : JSON.stringify(definition),
      definition?.name ?? null,
      definition?.version ?? null,
      [...values.blobs.keys()],
      [...values.blobs.values()],
    ],
  )
  const [row] = rows
  if (row === undefined) throw storeUnavailable(new Error('a statement that always answers gave no row'))
  if (row.outcome === 'taken') throw runExists(run.id)
  if (row.outcome === 'created') return { run, created: true }
  const known = await getRun(database, row.run_id)
  if (known === undefined) throw runUnknown(row.run_id)
  return { run: known, created: false }
}
