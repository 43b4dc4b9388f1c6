import { Kit } from '@parley/kit'
import { createPostgresStore } from '@parley/postgres'
import type { Channel } from '@parley/spec'
import { toFigure } from '../figure.ts'
import { median } from '../statistics.ts'
import { openBenchDatabase } from '../store/bench-database.ts'
import { sampleDraft } from '../store/sample-draft.ts'
import type { Scenario } from '../suite.ts'
import { storeRooms } from './store-rooms.ts'

/** From a start to the first delivered message, with 1,000 rooms that hold undelivered events. */
export const recovery: Scenario = async function* ({ progress, isQuick }) {
  const rooms = isQuick ? 50 : 1_000
  const rounds = isQuick ? 1 : 5
  const first: number[] = []
  const last: number[] = []
  for (let round = 0; round < rounds; round++) {
    progress(`rooms-recovery, round ${round + 1} of ${rounds}`)
    const times = await recover(rooms)
    first.push(times.firstMs)
    last.push(times.lastMs)
  }
  const common = { unit: 'ms', better: 'lower', peer: null, peerName: 'none', n: rounds } as const
  yield toFigure({
    ...common,
    metric: 'rooms-recovery',
    ours: median(first),
    note: `Start to the first delivery with ${rooms} rooms behind, on PGlite.`,
  })
  yield toFigure({
    ...common,
    metric: 'rooms-recovery-all',
    ours: median(last),
    note: `Start to the last of ${rooms} deliveries.`,
  })
}

async function recover(rooms: number): Promise<{ firstMs: number; lastMs: number }> {
  // A memory store ends with its process, so there is nothing to recover in it.
  await using opened = await openBenchDatabase()
  const store = createPostgresStore(opened)
  await storeRooms(store, rooms, 'room')
  for (let number = 0; number < rooms; number++)
    await store.commit(`room-${number}`, [sampleDraft(`room-${number}`, 0)])
  let delivered = 0
  let firstMs = 0
  const all = Promise.withResolvers<void>()
  const web: Channel = {
    channelId: 'web',
    channelType: 'websocket',
    category: 'transport',
    capabilities: { content: ['text'], echo: true },
    async deliver() {
      delivered++
      if (delivered === 1) firstMs = performance.now() - startMs
      if (delivered === rooms) all.resolve()
      return { status: 'sent' }
    },
  }
  const startMs = performance.now()
  await using kit = new Kit({ store })
  kit.register(web)
  await all.promise
  return { firstMs, lastMs: performance.now() - startMs }
}
