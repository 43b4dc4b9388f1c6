import { parseRunPage } from '@parley/spec'
import type { RunFilter, RunPage, SqlDatabase } from '@parley/spec'

import { runColumns, runTables, toRunRecord } from './run-record.ts'
import type { RunRow } from './run-record.ts'

/** A page of the runs that pass a filter, newest first. @throws {ParleyError} `invalid_options` */
export async function listRuns(database: SqlDatabase, filter: RunFilter): Promise<RunPage> {
  const { tenantId, status, taskId, sessionId, workflow } = filter
  const { limit, before } = parseRunPage(filter)
  const values: unknown[] = [before]
  const bind = (value: unknown): string => `$${values.push(value)}`
  const where = ['r.seq < $1::bigint']
  if (tenantId !== undefined) where.push(`r.tenant_id = ${bind(tenantId)}`)
  if (status !== undefined) where.push(`r.status = ANY(${bind(status)}::text[])`)
  if (taskId !== undefined) where.push(`r.task_id = ${bind(taskId)}`)
  if (sessionId !== undefined) where.push(`r.doc->>'sessionId' = ${bind(sessionId)}`)
  if (workflow !== undefined) where.push(`r.workflow = ${bind(workflow)}`)
  const { rows } = await database.query<RunRow & { seq: number }>(
    `SELECT r.seq, ${runColumns} FROM ${runTables} WHERE ${where.join(' AND ')} ORDER BY r.seq DESC LIMIT ${bind(limit + 1)}`,
    values,
  )
  const runs = rows.slice(0, limit).map(toRunRecord)
  const last = rows[limit - 1]
  return rows.length > limit && last !== undefined ? { runs, cursor: String(last.seq) } : { runs }
}
