import { EventEmitter } from 'node:events'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'
import { openInboundKit } from './inbound-kit.ts'

/** The pipeline with nothing added, one room without hooks and agents, against an array and an emitter. */
export const floor: Scenario = async function* ({ progress, isQuick }) {
  const lines = isQuick ? 500 : 20_000
  const measured = await alternate(
    { ours: () => throughKit(lines), peer: () => throughArray(lines) },
    { rounds: isQuick ? 1 : 5, progress },
  )
  yield toFigure({
    metric: 'inbound-floor',
    unit: 'messages/s',
    better: 'higher',
    ours: measured.ours,
    peer: measured.peer,
    peerName: 'array push and emit',
    n: measured.n,
    note: 'The floor has no lock, index, gate, delivery or promise per message; the figure says what those cost together.',
  })
}

async function throughKit(lines: number): Promise<number> {
  await using bench = await openInboundKit({ rooms: 1, agents: 0 })
  const [room] = bench.rooms
  for (let line = 0; line < 100; line++) await room?.say('settled')
  const startMs = performance.now()
  for (let line = 0; line < lines; line++) await room?.say('commit')
  return perSecond(lines, startMs)
}

function throughArray(lines: number): number {
  const emitter = new EventEmitter()
  const log: object[] = []
  let heard = 0
  emitter.on('event', () => heard++)
  const startMs = performance.now()
  for (let index = 0; index < lines; index++) {
    const event = { index, senderId: 'ada', content: { type: 'text', text: 'hi' } }
    log.push(event)
    emitter.emit('event', event)
  }
  if (heard !== log.length) throw new Error('The floor lost events.')
  return perSecond(lines, startMs)
}

function perSecond(count: number, startMs: number): number {
  return count / ((performance.now() - startMs) / 1_000)
}
