import { runUnknown, terminalRunEvents } from '@parley/spec'
import type { Clock, RunEvent, SqlDatabase } from '@parley/spec'

import { guarded } from './backend-errors.ts'
import type { StoredEvent } from './commit-values.ts'
import { toInstant } from './run-record.ts'
import type { RunSubscribers } from './run-subscribers.ts'

/** What following a run works with. */
export interface FollowContext {
  ready(): Promise<SqlDatabase>
  clock: Clock
  subscribers: RunSubscribers
  /** How long a subscriber without news waits before it looks into the table, ms. */
  pollMs: number
}

/** Which events of which run. */
export interface FollowOptions {
  runId: string
  afterSeq: number
  signal: AbortSignal
}

const pageSize = 500

/**
 * Events of a run after a position, each once and in order: from the table at first and whenever the subscriber was too
 * slow for its queue, else as they are committed in this process. What other processes commit is found by polling.
 * @throws {ParleyError} `run_unknown`, `limit_exceeded`, `store_unavailable`
 */
export async function* followRun(
  { ready, clock, subscribers, pollMs }: FollowContext,
  { runId, afterSeq, signal }: FollowOptions,
): AsyncGenerator<RunEvent> {
  const queue = subscribers.add(runId)
  const onAbort = (): void => queue.fallBehind()
  signal.addEventListener('abort', onAbort, { once: true })
  let seq = Math.max(0, afterSeq)
  let isKnown = false
  try {
    while (!signal.aborted && !subscribers.isClosed) {
      const queued = queue.take(seq)
      if (queued !== undefined) {
        seq = queued.seq
        yield queued
        if (terminalRunEvents.includes(queued.type)) return
      } else if (queue.isBehind) {
        queue.catchUp()
        const page = await readPage(await ready(), runId, seq)
        if (page === undefined) {
          // A run that was removed meanwhile has no more events.
          if (isKnown) return
          throw runUnknown(runId)
        }
        isKnown = true
        if (page.events.length === 0 && page.isOver) return
        if (page.events.length === pageSize) queue.fallBehind()
        for (const event of page.events) {
          seq = event.seq
          yield event
          if (signal.aborted || terminalRunEvents.includes(event.type)) return
        }
      } else {
        const dispose = clock.setTimer(pollMs, () => queue.fallBehind())
        await queue.news()
        dispose()
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    subscribers.remove(runId, queue)
  }
}

interface EventRow {
  is_over: boolean
  seq: number | null
  at: number
  doc: StoredEvent
}

/** The next stored events, or undefined when there is no such run. */
async function readPage(
  database: SqlDatabase,
  runId: string,
  afterSeq: number,
): Promise<{ events: RunEvent[]; isOver: boolean } | undefined> {
  const { rows } = await guarded(() =>
    database.query<EventRow>(
      `SELECT h.ended_at IS NOT NULL AS is_over, e.seq, e.at, e.doc FROM parley.run_heads h
        LEFT JOIN LATERAL (SELECT v.seq, v.at, v.doc FROM parley.run_events v WHERE v.run_id = $1 AND v.seq > $2::integer
          ORDER BY v.seq LIMIT ${pageSize}) AS e ON true
        WHERE h.run_id = $1 ORDER BY e.seq`,
      [runId, afterSeq],
    ),
  )
  const [first] = rows
  if (first === undefined) return undefined
  const events = rows.flatMap(({ seq, at, doc }) => (seq === null ? [] : [toRunEvent(runId, seq, at, doc)]))
  return { events, isOver: first.is_over }
}

/** A stored event with what comes from its row. */
export function toRunEvent(runId: string, seq: number, atMs: number, event: StoredEvent): RunEvent {
  return { seq, ts: toInstant(atMs), runId, ...event }
}
