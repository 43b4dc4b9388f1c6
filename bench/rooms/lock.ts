import { setTimeout as sleep } from 'node:timers/promises'
import { Kit } from '@parley/kit'
import type { Channel } from '@parley/spec'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import type { Scenario } from '../suite.ts'

/** Commits per second in one room whose agent takes long, against one whose agent answers at once. */
export const lock: Scenario = async function* ({ progress, isQuick }) {
  const lines = isQuick ? 100 : 2_000
  const sides = { immediate: () => commits(0, lines), short: () => commits(20, lines), long: () => commits(200, lines) }
  const measured = await alternate(sides, { rounds: isQuick ? 1 : 9, progress })
  for (const [name, ms] of [
    ['short', 20],
    ['long', 200],
  ] as const) {
    yield toFigure({
      metric: `rooms-lock-${ms}`,
      unit: 'commits/s',
      better: 'higher',
      ours: measured[name],
      peer: measured.immediate,
      peerName: 'Parley with an agent of 0 ms',
      n: measured.n,
      note: 'An agent at work holds no lock; target 0.95.',
    })
  }
}

/** One line in a hundred asks the agent, so that it is at work all the time without a queue of its own being measured. */
async function commits(agentMs: number, lines: number): Promise<number> {
  await using kit = new Kit()
  kit.register(agentOf(agentMs))
  const { id } = await kit.createRoom({ channels: ['agent', 'direct'] })
  const say = (line: number): Promise<unknown> =>
    kit.send(id, { from: 'ada', text: 'hi', addressedTo: line % 100 === 0 ? ['agent'] : [] })
  for (let line = 1; line < 50; line++) await say(line)
  const startMs = performance.now()
  for (let line = 0; line < lines; line++) await say(line)
  const perSecond = lines / ((performance.now() - startMs) / 1_000)
  await kit.close({ graceMs: 0 })
  return perSecond
}

function agentOf(ms: number): Channel {
  return {
    channelId: 'agent',
    channelType: 'agent',
    category: 'intelligence',
    capabilities: { content: ['text'] },
    async *takeTurn({ signal }) {
      if (ms > 0) await sleep(ms, undefined, { signal })
      yield { type: 'textDelta', text: 'ok' }
    },
  }
}
