import { EventEmitter } from 'node:events'
import { createPostgresStore } from '@parley/postgres'
import type { UnnamedFigure } from '../figure.ts'
import { quantileFigures } from '../quantile-figures.ts'
import { openBenchDatabase } from '../store/bench-database.ts'
import { openRawLog } from '../store/raw-log.ts'
import { sampleDraft } from '../store/sample-draft.ts'
import type { BenchContext, Scenario } from '../suite.ts'
import { openInboundKit } from './inbound-kit.ts'

/** Time from a message to its commit: in one room or many, with as many agents. */
export function toCommit(rooms: number, agents: number): Scenario {
  return async function* (context) {
    yield* inMemory(rooms, agents, context)
    // Making ten thousand rooms in PGlite takes longer than what is measured.
    if (rooms === 1) yield* onPglite(rooms, agents, context)
  }
}

async function* inMemory(
  rooms: number,
  agents: number,
  { progress, isQuick }: BenchContext,
): AsyncIterable<UnnamedFigure> {
  const lines = isQuick ? 200 : agents === 0 ? 10_000 : 3_000
  progress(`inbound-${rooms}-${agents}: ${rooms} rooms are made`)
  await using bench = await openInboundKit({ rooms, agents, agentResponsePolicy: 'addressedOnly' })
  const chain = promiseChain()
  const times = await interleave(lines, isQuick ? 20 : 500, {
    ours: (line) => timed(bench, line),
    peer: async () => elapsed(() => chain()),
  })
  yield* quantileFigures({
    metric: `inbound-${rooms}-${agents}`,
    unit: 'us to commit',
    ...times,
    peerName: 'promise chain',
  })
}

async function* onPglite(
  rooms: number,
  agents: number,
  { progress, isQuick }: BenchContext,
): AsyncIterable<UnnamedFigure> {
  const lines = isQuick ? 20 : agents === 0 ? 1_000 : 300
  progress(`inbound-${rooms}-${agents}-pglite`)
  await using own = await openBenchDatabase()
  await using raw = await openBenchDatabase()
  const log = await openRawLog(raw.database, ['raw'])
  await using bench = await openInboundKit({
    rooms,
    agents,
    agentResponsePolicy: 'addressedOnly',
    store: createPostgresStore(own),
  })
  let number = 0
  const times = await interleave(lines, isQuick ? 2 : 50, {
    ours: (line) => timed(bench, line),
    peer: async () => elapsed(() => log.appendCounted([sampleDraft('raw', number++)])),
  })
  yield* quantileFigures({
    metric: `inbound-${rooms}-${agents}-pglite`,
    unit: 'us to commit',
    ...times,
    peerName: 'raw SQL insert with counter',
  })
}

interface Times {
  ours: number[]
  peer: number[]
}

/** Ours and theirs line by line. What a line sets off is waited for before the next, off the clock. */
async function interleave(
  lines: number,
  warmUps: number,
  sides: Record<keyof Times, (line: number) => Promise<number>>,
): Promise<Times> {
  const times: Times = { ours: [], peer: [] }
  for (let line = -warmUps; line < lines; line++) {
    const ours = await sides.ours(line + warmUps)
    const peer = await sides.peer(line + warmUps)
    if (line < 0) continue
    times.ours.push(ours)
    times.peer.push(peer)
  }
  return times
}

async function timed({ rooms }: Awaited<ReturnType<typeof openInboundKit>>, line: number): Promise<number> {
  const room = rooms[line % rooms.length]
  if (room === undefined) throw new RangeError('There are no rooms.')
  const startMs = performance.now()
  const result = await room.say('commit')
  const tookMs = performance.now() - startMs
  await result.settled()
  return tookMs * 1_000
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (performance.now() - startMs) * 1_000
}

/** The least that gives order: each event after the one before. */
function promiseChain(): () => Promise<void> {
  const emitter = new EventEmitter()
  const log: object[] = []
  let tail = Promise.resolve()
  return () => {
    tail = tail.then(() => {
      const event = { index: log.length, senderId: 'ada', content: { type: 'text', text: 'hi' } }
      log.push(event)
      emitter.emit('event', event)
    })
    return tail
  }
}
