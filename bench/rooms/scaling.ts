import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { openInboundKit, type InboundKit } from '../inbound/inbound-kit.ts'
import type { Scenario } from '../suite.ts'

const FEW = 100

/** Time per message at 100,000 rooms against 100: the same traffic, in 100 of the rooms. */
export const scaling: Scenario = async function* ({ progress, isQuick }) {
  const many = isQuick ? 1_000 : 100_000
  progress(`rooms-scaling: ${many} rooms are made`)
  await using crowded = await openInboundKit({ rooms: many })
  await using sparse = await openInboundKit({ rooms: FEW })
  const each = isQuick ? 5 : 100
  const measured = await alternate(
    { ours: () => perMessage(crowded, each), peer: () => perMessage(sparse, each) },
    { rounds: isQuick ? 1 : 9, progress },
  )
  yield toFigure({
    metric: 'rooms-scaling',
    unit: 'us/message',
    better: 'lower',
    ours: measured.ours,
    peer: measured.peer,
    peerName: `Parley with ${FEW} rooms`,
    n: measured.n,
    note: `${many} rooms against ${FEW}; target 0.9.`,
  })
}

/** Talks in 100 rooms that lie apart. */
async function perMessage({ rooms }: InboundKit, each: number): Promise<number> {
  const apart = Math.max(1, Math.floor(rooms.length / FEW))
  const busy = rooms.filter((_, number) => number % apart === 0).slice(0, FEW)
  const startMs = performance.now()
  await Promise.all(
    busy.map(async (room) => {
      for (let line = 0; line < each; line++) await room.say('settled')
    }),
  )
  return ((performance.now() - startMs) * 1_000) / (busy.length * each)
}
