import { createPostgresStore } from '@parley/postgres'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { openBenchDatabase } from './bench-database.ts'
import { openRawLog } from './raw-log.ts'
import { sampleDraft } from './sample-draft.ts'
import { sampleRoom } from './sample-room.ts'

const TAIL = 50
const BATCH = 500

/** What an agent is told of a room with 100,000 events: room, bindings, people and the last 50 events. */
export const context: Scenario = async function* ({ progress, isQuick }) {
  const events = isQuick ? 1_000 : 100_000
  await using opened = await openBenchDatabase()
  const store = createPostgresStore(opened)
  await store.createRoom(sampleRoom('room'))
  const log = await openRawLog(opened.database, ['room'])
  for (let number = 0; number < events; number += BATCH) {
    if (number % 20_000 === 0) progress(`store-context: ${number} of ${events} events are written`)
    const drafts = Array.from({ length: BATCH }, (_, row) => sampleDraft('room', number + row))
    await store.commit('room', drafts)
    await log.append(drafts)
  }
  const reads = isQuick ? 10 : 200
  const perRead = async (read: () => Promise<unknown>): Promise<number> => {
    const startMs = performance.now()
    for (let number = 0; number < reads; number++) await read()
    return ((performance.now() - startMs) * 1_000) / reads
  }
  const measured = await alternate(
    { ours: () => perRead(() => store.loadContext('room', { tail: TAIL })), peer: () => perRead(() => log.tail(TAIL)) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  yield toFigure({
    metric: 'store-context',
    unit: 'us/read',
    better: 'lower',
    ours: measured.ours,
    peer: measured.peer,
    peerName: 'raw SQL tail read',
    n: measured.n,
    note: `${events} events on PGlite; ours reads room, bindings and participants too.`,
  })
}
