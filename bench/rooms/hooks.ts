import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { openInboundKit } from '../inbound/inbound-kit.ts'
import type { Scenario } from '../suite.ts'

/** What one and ten sync hooks add to a message. */
export const hooks: Scenario = async function* ({ progress, isQuick }) {
  const lines = isQuick ? 300 : 10_000
  const measured = await alternate(
    { none: () => perMessage(0, lines), one: () => perMessage(1, lines), ten: () => perMessage(10, lines) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  for (const [name, count] of [
    ['one', 1],
    ['ten', 10],
  ] as const) {
    yield toFigure({
      metric: `rooms-hooks-${count}`,
      unit: 'us/message',
      better: 'lower',
      ours: measured[name],
      peer: measured.none,
      peerName: 'Parley without hooks',
      n: measured.n,
    })
  }
}

async function perMessage(count: number, lines: number): Promise<number> {
  await using bench = await openInboundKit({ rooms: 1, agents: 0, hooks: count })
  const [room] = bench.rooms
  for (let line = 0; line < 100; line++) await room?.say('commit')
  const startMs = performance.now()
  for (let line = 0; line < lines; line++) await room?.say('commit')
  return ((performance.now() - startMs) * 1_000) / lines
}
