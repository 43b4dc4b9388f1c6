import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { openInboundKit } from './inbound-kit.ts'
import { openRoomKit, type RoomKitPeer } from './roomkit-peer.ts'

const ROOMS = 100

/** Messages per second: three hooks, a router, one agent's reply, one transport; each is waited for with its reply. */
export const pipeline: Scenario = async function* ({ progress, isQuick }) {
  const opened = await openRoomKit(progress)
  const peer = opened.peer
  const each = isQuick ? 20 : 300
  const ours = async (): Promise<number> => {
    await using bench = await openInboundKit({ rooms: ROOMS, hooks: 3, isRouted: true, channels: 'own' })
    const talk = (lines: number): Promise<unknown> =>
      Promise.all(
        bench.rooms.map(async (room) => {
          for (let line = 0; line < lines; line++) await room.say('settled')
        }),
      )
    await talk(2)
    const startMs = performance.now()
    await talk(each)
    return (ROOMS * each) / ((performance.now() - startMs) / 1_000)
  }
  const rounds = isQuick ? 1 : 5
  const common = { metric: 'inbound', unit: 'messages/s', better: 'higher', peerName: 'RoomKit (PyPI)' } as const
  if (peer === undefined) {
    const measured = await alternate({ ours }, { rounds, progress })
    yield toFigure({ ...common, ours: measured.ours, peer: null, n: measured.n, note: opened.why })
    return
  }
  try {
    const measured = await alternate({ ours, peer: () => theirs(peer, isQuick ? 2 : 10) }, { rounds, progress })
    yield toFigure({ ...common, ours: measured.ours, peer: measured.peer, n: measured.n })
  } finally {
    peer.close()
  }
}

/** Fewer lines than ours, for it is slower; longer logs would cost it more, not less. */
function theirs(peer: RoomKitPeer, each: number): Promise<number> {
  return peer.round(ROOMS, each)
}
