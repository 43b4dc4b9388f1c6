import { createSystemClock, type Clock } from '@parley/spec'
import { toFigure } from '../figure.ts'
import { openInboundKit } from '../inbound/inbound-kit.ts'
import type { Scenario } from '../suite.ts'

/** Memory and timers of 10,000 idle rooms: cold, and after one message each. */
export const idle: Scenario = async function* ({ progress, isQuick }) {
  const count = isQuick ? 500 : 10_000
  const timers = countTimers()
  const emptyBytes = residentBytes()
  progress(`rooms-idle: ${count} rooms are made`)
  await using bench = await openInboundKit({ rooms: count, clock: timers.clock })
  const measure = function* (state: string): Iterable<ReturnType<typeof toFigure>> {
    const common = { better: 'lower', peer: null, peerName: 'none', n: count } as const
    const note =
      state === 'cold' ? 'Made, and nothing said.' : 'After one message and its answer; the log is part of it.'
    yield toFigure({
      ...common,
      metric: `rooms-idle-memory-${state}`,
      unit: 'resident bytes/room',
      ours: Math.max(0, residentBytes() - emptyBytes) / count,
      note,
    })
    yield toFigure({
      ...common,
      metric: `rooms-idle-timers-${state}`,
      unit: 'timers/room',
      ours: timers.pending() / count,
      note,
    })
  }
  yield* measure('cold')
  progress('rooms-idle: one message each')
  for (const room of bench.rooms) await room.say('settled')
  yield* measure('warm')
}

function residentBytes(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().rss
}

/** A clock that knows how many of its timers are pending. */
function countTimers(): { clock: Clock; pending: () => number } {
  const system = createSystemClock()
  const pending = new Set<object>()
  const clock: Clock = {
    now: () => system.now(),
    monotonicMs: () => system.monotonicMs(),
    sleep: (ms, options) => system.sleep(ms, options),
    setTimer(ms, run) {
      const timer = {}
      pending.add(timer)
      const dispose = system.setTimer(ms, () => {
        pending.delete(timer)
        run()
      })
      return () => {
        pending.delete(timer)
        dispose()
      }
    },
  }
  return { clock, pending: () => pending.size }
}
