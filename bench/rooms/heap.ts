import { createMemoryStore } from '@parley/kit'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { storeRooms } from './store-rooms.ts'

const BUDGET_BYTES = 4_096

/** Bytes of an idle room with three bindings. */
export const heap: Scenario = async function* ({ progress, isQuick }) {
  const count = isQuick ? 5_000 : 100_000
  progress(`rooms-heap: ${count} rooms are stored`)
  const store = createMemoryStore()
  await storeRooms(store, 100, 'first')
  const before = usedBytes()
  await storeRooms(store, count, 'room')
  const bytes = (usedBytes() - before) / count
  // Still in use here, so nothing of it was collected before it was measured.
  if ((await store.getRoom('room-0')) === null) throw new Error('The store lost a room.')
  yield toFigure({
    metric: 'rooms-heap',
    unit: 'bytes/room',
    better: 'lower',
    ours: bytes,
    peer: null,
    peerName: 'none',
    n: count,
    note: `No peer keeps the same; the budget is ${BUDGET_BYTES} bytes, of which this is ${Math.round((bytes / BUDGET_BYTES) * 100)} %.`,
  })
}

function usedBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
