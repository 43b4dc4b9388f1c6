import { answerWait, isSignalKept, runTerminal, runUnknown, waitUnknown } from '@parley/spec'
import type { SignalRecord, SqlDatabase, WaitRecord, WaitResolution } from '@parley/spec'

interface WaitRow {
  doc: Omit<WaitRecord, 'status' | 'resolution'>
  status: WaitRecord['status']
  resolution: WaitResolution | null
}

const waitColumns = 'doc, status, resolution'

/** A wait by its id, its token, or both. @throws {ParleyError} `wait_unknown` */
export async function findWait(
  database: SqlDatabase,
  { id, tokenHash }: { id?: string; tokenHash?: string },
): Promise<WaitRecord> {
  const { rows } = await database.query<WaitRow>(
    `SELECT ${waitColumns} FROM parley.waits WHERE ${id === undefined ? 'token_hash = $1' : 'id = $1'}`,
    [id ?? tokenHash ?? null],
  )
  const wait = rows[0] === undefined ? undefined : toWait(rows[0])
  if (wait === undefined || (tokenHash !== undefined && wait.tokenHash !== tokenHash)) throw waitUnknown()
  return wait
}

/**
 * Gives a wait its answer, once. A wait that is not open never changes again, so a look at it afterwards is enough.
 * @throws {ParleyError} `wait_unknown`, `wait_resolved`, `wait_expired`
 */
export async function resolveWait(
  database: SqlDatabase,
  waitId: string,
  resolution: WaitResolution,
): Promise<{ wait: WaitRecord; first: boolean }> {
  const known = await findWait(database, { id: waitId })
  const answered = answerWait(known, resolution)
  if (!answered.first) return answered
  const { rows } = await database.query<WaitRow>(
    `UPDATE parley.waits SET status = $2, resolution = $3::json WHERE id = $1 AND status = 'open' RETURNING ${waitColumns}`,
    [waitId, answered.wait.status, JSON.stringify(resolution)],
  )
  if (rows[0] !== undefined) return { wait: toWait(rows[0]), first: true }
  // Somebody else was quicker.
  return answerWait(await findWait(database, { id: waitId }), resolution)
}

/** Keeps a signal. @throws {ParleyError} `run_unknown`, `run_terminal` */
export async function addSignal(database: SqlDatabase, signal: SignalRecord): Promise<SignalRecord> {
  const { rows } = await database.query<{ is_over: boolean }>(
    `WITH head AS (SELECT h.tenant_id, h.ended_at IS NOT NULL AS is_over FROM parley.run_heads h WHERE h.run_id = $2),
      added AS (INSERT INTO parley.signals (id, run_id, tenant_id, doc) SELECT $1, $2, tenant_id, $3::json FROM head WHERE NOT is_over)
    SELECT is_over FROM head`,
    [signal.id, signal.runId, JSON.stringify(signal)],
  )
  const [head] = rows
  if (head === undefined) throw runUnknown(signal.runId)
  if (head.is_over) throw runTerminal(signal.runId)
  return signal
}

/** Marks a signal as taken; false when it was, or is too old. */
export async function takeSignal(database: SqlDatabase, signalId: string, nowMs: number): Promise<boolean> {
  const { rows } = await database.query<{ doc: SignalRecord }>(
    'SELECT doc FROM parley.signals WHERE id = $1 AND NOT taken',
    [signalId],
  )
  const signal = rows[0]?.doc
  if (signal === undefined) return false
  const { rows: waits } = await database.query<WaitRow>(
    `SELECT ${waitColumns} FROM parley.waits WHERE run_id = $1 AND status = 'open'`,
    [signal.runId],
  )
  if (!isSignalKept(signal, waits.map(toWait), nowMs)) return false
  const { rowCount } = await database.query('UPDATE parley.signals SET taken = true WHERE id = $1 AND NOT taken', [
    signalId,
  ])
  return rowCount > 0
}

function toWait({ doc, status, resolution }: WaitRow): WaitRecord {
  return { ...doc, status, ...(resolution === null ? {} : { resolution }) }
}
