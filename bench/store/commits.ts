import { createPostgresStore } from '@parley/postgres'
import { createSystemIds, type SqlDatabase } from '@parley/spec'
import { alternate } from '../alternate.ts'
import { toFigure, type UnnamedFigure } from '../figure.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { openBenchDatabase } from './bench-database.ts'
import { openRawLog } from './raw-log.ts'
import { sampleDraft } from './sample-draft.ts'
import { sampleRoom } from './sample-room.ts'

/** Commits of one event per second, in one room and in a hundred, several at once. */
export const commits: Scenario = async function* (context) {
  {
    await using opened = await openBenchDatabase()
    yield* perSecond('store-commit-pglite', opened.database, context)
  }
  const uri = process.env['PARLEY_TEST_POSTGRES_URL']
  if (uri === undefined)
    return context.progress('store-commit on a server is left out: PARLEY_TEST_POSTGRES_URL names none')
  await using opened = await openBenchDatabase(uri)
  yield* perSecond('store-commit-postgres', opened.database, context)
}

const AT_ONCE = 8

async function* perSecond(
  metric: string,
  database: SqlDatabase,
  { progress, isQuick }: BenchContext,
): AsyncIterable<UnnamedFigure> {
  const store = createPostgresStore({ database })
  for (const rooms of [1, 100]) {
    const count = isQuick ? 20 : 400
    const ids = Array.from({ length: rooms }, () => createSystemIds().next('room'))
    for (const id of ids) await store.createRoom(sampleRoom(id))
    const log = await openRawLog(database, ids)
    const run = async (commit: (roomId: string, number: number) => Promise<unknown>): Promise<number> => {
      let next = 0
      const work = async (): Promise<void> => {
        for (let number = next++; number < count; number = next++) await commit(ids[number % rooms] ?? '', number)
      }
      const startMs = performance.now()
      // A room's own commits come one at a time, since its lock is held.
      await Promise.all(Array.from({ length: Math.min(rooms, AT_ONCE) }, work))
      return count / ((performance.now() - startMs) / 1_000)
    }
    const measured = await alternate(
      {
        ours: () => run((id, number) => store.commit(id, [sampleDraft(id, number)])),
        peer: () => run((id, number) => log.appendCounted([sampleDraft(id, number)], id)),
      },
      { rounds: isQuick ? 1 : 7, progress: (text) => progress(`${metric}-${rooms}: ${text}`) },
    )
    yield toFigure({
      metric: `${metric}-${rooms}`,
      unit: 'commits/s',
      better: 'higher',
      ours: measured.ours,
      peer: measured.peer,
      peerName: 'raw SQL insert with counter',
      n: measured.n,
    })
  }
}
