import { leaseLost, ParleyError, runTerminal, runUnknown, terminalRunEvents, waitTokenTaken } from '@parley/spec'
import type { Clock, CommitBatch, Lease, RunRecord, SqlDatabase } from '@parley/spec'

import { storeUnavailable } from '../database/database-errors.ts'
import { isWaitTaken } from './backend-errors.ts'
import { commitAllText, commitStepsText } from './commit-functions.ts'
import { toCommitValues } from './commit-values.ts'
import type { StoredEvent } from './commit-values.ts'
import { endedAtMs, patchRunDoc } from './run-record.ts'
import type { RunDoc } from './run-record.ts'
import type { RunLane } from './run-lanes.ts'

/** What a commit works with. */
export interface CommitContext {
  database: SqlDatabase
  clock: Clock
  leaseMs: number
  /** Names a commit, so that it is recognized when its answer was lost. */
  nextToken(): string
}

/** A commit that was written. */
export interface Committed {
  seq: number
  atMs: number
  events: StoredEvent[]
  isEnd: boolean
}

interface OutcomeRow {
  outcome: 'done' | 'fenced' | 'ended' | 'missing'
  seq: number
}

/**
 * Writes a batch in one statement, or nothing of it. When the connection is lost meanwhile, the database is asked what
 * became of it; if it cannot be asked, the lease is given up, since a repetition could write twice.
 */
export async function commitRun(
  context: CommitContext,
  lane: RunLane,
  lease: Lease,
  batch: CommitBatch,
): Promise<Committed> {
  if (lane.isBroken) throw leaseLost(lease)
  const doc = await patchedDoc(context.database, lane, lease.runId, batch)
  const atMs = context.clock.now()
  const token = context.nextToken()
  const isEnd = batch.events.some((event) => terminalRunEvents.includes(event.type))
  const ended = (doc === undefined ? undefined : endedAtMs(doc, atMs)) ?? (isEnd ? atMs : null)
  // Input and output lie beside the document, and are not looked at here.
  const { events, steps, rest } = toCommitValues(batch, doc as RunRecord | undefined)
  const values = [lease.runId, lease.epoch, token, atMs, atMs + context.leaseMs, ended, ...steps]
  const sent =
    rest === undefined ? { text: commitStepsText, values } : { text: commitAllText, values: [...values, ...rest] }
  const row = await send(context, { lane, lease, batch, token, ...sent })
  if (row.outcome === 'missing') throw runUnknown(lease.runId)
  if (row.outcome === 'fenced') throw leaseLost(lease)
  if (row.outcome === 'ended') throw runTerminal(lease.runId)
  if (doc !== undefined) lane.doc = doc
  return { seq: row.seq, atMs, events, isEnd: ended !== null }
}

async function patchedDoc(
  database: SqlDatabase,
  lane: RunLane,
  runId: string,
  { run: patch }: CommitBatch,
): Promise<RunDoc | undefined> {
  if (patch === undefined) return undefined
  if (lane.doc === undefined) {
    const { rows } = await database.query<{ doc: RunDoc }>('SELECT doc FROM parley.runs WHERE id = $1', [runId])
    if (rows[0] === undefined) throw runUnknown(runId)
    lane.doc = rows[0].doc
  }
  return patchRunDoc(lane.doc, patch)
}

/** A commit on its way. */
interface Sending {
  lane: RunLane
  lease: Lease
  batch: CommitBatch
  token: string
  text: string
  values: readonly unknown[]
}

async function send(context: CommitContext, sending: Sending): Promise<OutcomeRow> {
  const { waits } = sending.batch
  try {
    const { rows } = await context.database.query<OutcomeRow>(sending.text, sending.values)
    const [row] = rows
    if (row === undefined) throw storeUnavailable(new Error('a statement that always answers gave no row'))
    return row
  } catch (error) {
    if (waits !== undefined && isWaitTaken(error)) throw waitTokenTaken(waits.map((wait) => wait.id).join(', '))
    if (ParleyError.isInstance(error) && error.code === 'store_unavailable')
      return resolveUnknown(context, sending, error)
    throw error
  }
}

const resolveAttempts = 4
const resolveBaseMs = 100

/** Finds out what became of a commit whose answer was lost; a statement that is still running is waited for. */
async function resolveUnknown(
  { database, clock }: CommitContext,
  { lane, lease, token }: Sending,
  lost: ParleyError,
): Promise<OutcomeRow> {
  for (let attempt = 0; ; attempt++) {
    try {
      const { rows } = await database.query<{ last_seq: number; token: string | null }>(
        'SELECT last_seq, token FROM parley.run_heads WHERE run_id = $1 FOR UPDATE',
        [lease.runId],
      )
      const [head] = rows
      if (head?.token === token) return { outcome: 'done', seq: head.last_seq }
      throw lost
    } catch (error) {
      if (error === lost) throw lost
      if (attempt + 1 >= resolveAttempts) {
        lane.isBroken = true
        throw lost
      }
    }
    await clock.sleep(resolveBaseMs * 2 ** attempt)
  }
}
