import type { CommitBatch, SqlDatabase } from '@parley/spec'

/** The rows of runs, written by plain SQL: the floor of a journal in PostgreSQL. */
export interface RawRuns {
  /** All rows of a batch in one statement. */
  write(runId: string, batch: CommitBatch): Promise<void>
  /** The same rows in a transaction of one statement per table. */
  writeByTable(runId: string, batch: CommitBatch): Promise<void>
  /** Rows of a run: events, steps, attempts, values of the state. */
  count(runId: string): Promise<number>
}

const tables = [
  'CREATE TABLE bench_raw.runs (id text PRIMARY KEY, doc json NOT NULL)',
  'CREATE TABLE bench_raw.run_heads (run_id text PRIMARY KEY, last_seq integer NOT NULL, updated_at bigint NOT NULL) WITH (fillfactor = 50)',
  'CREATE TABLE bench_raw.run_events (run_id text, seq integer, at bigint NOT NULL, doc json NOT NULL, PRIMARY KEY (run_id, seq))',
  'CREATE TABLE bench_raw.step_runs (run_id text, step_key text, doc json NOT NULL, output json, PRIMARY KEY (run_id, step_key))',
  'CREATE TABLE bench_raw.attempts (run_id text, step_key text, attempt integer, doc json NOT NULL, PRIMARY KEY (run_id, step_key, attempt))',
  'CREATE TABLE bench_raw.state (run_id text, key text, seq integer, value json, PRIMARY KEY (run_id, key, seq))',
]

const head =
  'UPDATE bench_raw.run_heads SET last_seq = last_seq + $2, updated_at = $3 WHERE run_id = $1 RETURNING last_seq'
const oneStatement = `WITH head AS (${head}),
  events AS (INSERT INTO bench_raw.run_events SELECT $1, head.last_seq - $2 + e.number, $3, e.doc::json FROM head, unnest($4::text[]) WITH ORDINALITY AS e(doc, number)),
  steps AS (INSERT INTO bench_raw.step_runs SELECT $1, s.key, s.doc::json, s.output::json FROM unnest($5::text[], $6::text[], $7::text[]) AS s(key, doc, output)),
  attempts AS (INSERT INTO bench_raw.attempts SELECT $1, a.key, a.attempt, a.doc::json FROM unnest($8::text[], $9::integer[], $10::text[]) AS a(key, attempt, doc)),
  state AS (INSERT INTO bench_raw.state SELECT $1, s.key, head.last_seq, s.value::json FROM head, unnest($11::text[], $12::text[]) AS s(key, value))
  SELECT last_seq FROM head`

/** Makes tables of runs in a schema of their own; what was there before is dropped. */
export async function openRawRuns(database: SqlDatabase): Promise<RawRuns> {
  await database.query('DROP SCHEMA IF EXISTS bench_raw CASCADE')
  await database.query('CREATE SCHEMA bench_raw')
  for (const table of tables) await database.query(table)
  const begin = async (runId: string, { run }: CommitBatch): Promise<void> => {
    if (run === undefined) return
    await database.query(
      'INSERT INTO bench_raw.runs VALUES ($1, $2::json) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc',
      [runId, JSON.stringify(run)],
    )
    await database.query('INSERT INTO bench_raw.run_heads VALUES ($1, 0, $2) ON CONFLICT DO NOTHING', [
      runId,
      Date.now(),
    ])
  }
  return {
    async write(runId, batch) {
      await begin(runId, batch)
      const { events, steps, attempts, state } = toColumns(batch)
      const { rowCount } = await database.query(oneStatement, [
        runId,
        events.length,
        Date.now(),
        events,
        ...steps,
        ...attempts,
        ...state,
      ])
      if (rowCount !== 1) throw new Error(`The run ${runId} is not there.`)
    },
    async writeByTable(runId, batch) {
      await begin(runId, batch)
      const { events, steps, attempts, state } = toColumns(batch)
      await database.transaction(async (transaction) => {
        const nowMs = Date.now()
        const { rows } = await transaction.query<{ last_seq: number }>(head, [runId, events.length, nowMs])
        const lastSeq = rows[0]?.last_seq ?? 0
        await transaction.query(
          'INSERT INTO bench_raw.run_events SELECT $1, $2::integer + e.number, $3, e.doc::json FROM unnest($4::text[]) WITH ORDINALITY AS e(doc, number)',
          [runId, lastSeq - events.length, nowMs, events],
        )
        if (steps[0].length > 0) {
          await transaction.query(
            'INSERT INTO bench_raw.step_runs SELECT $1, s.key, s.doc::json, s.output::json FROM unnest($2::text[], $3::text[], $4::text[]) AS s(key, doc, output)',
            [runId, ...steps],
          )
        }
        if (attempts[0].length > 0) {
          await transaction.query(
            'INSERT INTO bench_raw.attempts SELECT $1, a.key, a.attempt, a.doc::json FROM unnest($2::text[], $3::integer[], $4::text[]) AS a(key, attempt, doc)',
            [runId, ...attempts],
          )
        }
        if (state[0].length > 0) {
          await transaction.query(
            'INSERT INTO bench_raw.state SELECT $1, s.key, $2::integer, s.value::json FROM unnest($3::text[], $4::text[]) AS s(key, value)',
            [runId, lastSeq, ...state],
          )
        }
      })
    },
    async count(runId) {
      let count = 0
      for (const table of ['run_events', 'step_runs', 'attempts', 'state']) {
        const { rows } = await database.query<{ count: number }>(
          `SELECT count(*)::integer AS count FROM bench_raw.${table} WHERE run_id = $1`,
          [runId],
        )
        count += rows[0]?.count ?? 0
      }
      return count
    },
  }
}

function toColumns({ events, stepRuns = [], attempts = [], state = {} }: CommitBatch): {
  events: string[]
  steps: [string[], string[], (string | null)[]]
  attempts: [string[], number[], string[]]
  state: [string[], string[]]
} {
  const set = Object.entries(state.set ?? {})
  return {
    events: events.map((event) => JSON.stringify(event)),
    steps: [
      stepRuns.map(({ stepKey }) => stepKey),
      stepRuns.map(({ output: _output, ...doc }) => JSON.stringify(doc)),
      stepRuns.map(({ output }) => (output === undefined ? null : JSON.stringify(output))),
    ],
    attempts: [
      attempts.map(({ stepKey }) => stepKey),
      attempts.map(({ attempt }) => attempt),
      attempts.map((attempt) => JSON.stringify(attempt)),
    ],
    state: [set.map(([key]) => key), set.map(([, value]) => JSON.stringify(value))],
  }
}
