import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { ownSide } from './own-side.ts'
import { openSide, peerTitles, type PeerName } from './peer-sides.ts'
import { timed, type Shape } from './side.ts'

/** What is compared, and under which name. */
export interface AgainstOptions {
  metric: string
  peer: PeerName
  shape: Shape
  note?: string
}

/** Microseconds per step of ours and of a peer, contracts on. */
export function against({ metric, peer, shape, note }: AgainstOptions): Scenario {
  return async function* ({ progress, isQuick }) {
    const short = isQuick ? { ...shape, count: Math.min(shape.count, 50) } : shape
    const minMs = isQuick ? 1 : 400
    const opened = await openSide(peer, short, minMs, progress)
    const ours = timed(ownSide, short, minMs)
    const rounds = isQuick ? 1 : 7
    const unit = shape.what === 'foreach' ? 'us/item' : 'us/step'
    const common = { metric, unit, better: 'lower', peerName: peerTitles[peer] } as const
    if (opened.timed === undefined) {
      const measured = await alternate({ ours }, { rounds, progress })
      yield toFigure({ ...common, ours: measured.ours, peer: null, n: measured.n, note: opened.why })
      return
    }
    try {
      const measured = await alternate({ ours, peer: opened.timed }, { rounds, progress })
      yield toFigure({
        ...common,
        ours: measured.ours,
        peer: measured.peer,
        n: measured.n,
        ...(note === undefined ? {} : { note }),
      })
    } finally {
      opened.close()
    }
  }
}
