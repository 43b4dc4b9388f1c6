import { createPostgresStore } from '@parley/postgres'
import { createSystemIds, type SqlDatabase } from '@parley/spec'
import { alternate } from '../alternate.ts'
import { toFigure, type UnnamedFigure } from '../figure.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { openBenchDatabase } from './bench-database.ts'
import { openRawLog } from './raw-log.ts'
import { sampleDraft } from './sample-draft.ts'
import { sampleRoom } from './sample-room.ts'

const batches = [1, 10, 100] as const

/** Appends per second on embedded PGlite, in batches of 1, 10 and 100. */
export const onPglite: Scenario = async function* (context) {
  await using opened = await openBenchDatabase()
  yield* appends('store-pglite', opened.database, context)
}

/** The same on a PostgreSQL server. */
export const onServer: Scenario = async function* (context) {
  const uri = process.env['PARLEY_TEST_POSTGRES_URL']
  if (uri === undefined) {
    context.progress('store-postgres is left out: PARLEY_TEST_POSTGRES_URL names no server')
    return
  }
  await using opened = await openBenchDatabase(uri)
  yield* appends('store-postgres', opened.database, context)
}

async function* appends(
  metric: string,
  database: SqlDatabase,
  { progress, isQuick }: BenchContext,
): AsyncIterable<UnnamedFigure> {
  const store = createPostgresStore({ database })
  const room = sampleRoom(createSystemIds().next('room'))
  await store.createRoom(room)
  const log = await openRawLog(database, [room.id])
  for (const batch of batches) {
    const rounds = isQuick ? 3 : batch === 1 ? 300 : 60
    const perSecond = async (append: (number: number) => Promise<unknown>): Promise<number> => {
      const startMs = performance.now()
      for (let number = 0; number < rounds; number++) await append(number)
      return (rounds * batch) / ((performance.now() - startMs) / 1_000)
    }
    const drafts = (number: number): ReturnType<typeof sampleDraft>[] =>
      Array.from({ length: batch }, (_, row) => sampleDraft(room.id, number * batch + row))
    const sides = {
      ours: () => perSecond((number) => store.commit(room.id, drafts(number))),
      insert: () => perSecond((number) => log.append(drafts(number))),
      counted: () => perSecond((number) => log.appendCounted(drafts(number))),
    }
    progress(`${metric}, batches of ${batch}`)
    const measured = await alternate(sides, { rounds: isQuick ? 1 : 7, progress })
    const common = { unit: 'appends/s', better: 'higher', ours: measured.ours, n: measured.n } as const
    // The headline is the batch in which a lane and its receipts are written.
    const name = batch === 100 ? metric : `${metric}-${batch}`
    yield toFigure({
      ...common,
      metric: name,
      peer: measured.insert,
      peerName: 'raw SQL insert',
      note: `Batches of ${batch}. The insert keeps no counter, so it cannot give indexes to two writers; target 0.8.`,
    })
    yield toFigure({
      ...common,
      metric: `${name}-counted`,
      peer: measured.counted,
      peerName: 'raw SQL insert with counter',
      note: `Batches of ${batch}.`,
    })
  }
}
