import { Agent, Kit, Pipeline, type Orchestration } from '@parley/kit'
import { alternate } from '../alternate.ts'
import { toFigure } from '../figure.ts'
import { quietModel } from '../inbound/quiet-model.ts'
import type { Scenario } from '../suite.ts'

/** Messages per second of a room with router, pipeline and handoff tools against the same room without. */
export const overhead: Scenario = async function* ({ progress, isQuick }) {
  const lines = isQuick ? 100 : 4_000
  const measured = await alternate(
    { ours: () => withPipeline(lines), peer: () => plain(lines) },
    { rounds: isQuick ? 1 : 7, progress },
  )
  yield toFigure({
    metric: 'handoff-overhead',
    unit: 'messages/s',
    better: 'higher',
    ours: measured.ours,
    peer: measured.peer,
    peerName: 'Parley without orchestration',
    n: measured.n,
    note: 'One agent answers in both.',
  })
}

function agents(): Agent[] {
  return ['first', 'second', 'third'].map(
    (id) => new Agent(id, { model: quietModel(), description: `The ${id} agent.` }),
  )
}

async function withPipeline(lines: number): Promise<number> {
  await using kit = new Kit()
  return await perSecond(kit, lines, new Pipeline({ agents: agents() }), [])
}

async function plain(lines: number): Promise<number> {
  await using kit = new Kit()
  const [first] = agents()
  if (first !== undefined) kit.register(first)
  return await perSecond(kit, lines, null, ['first'])
}

async function perSecond(
  kit: Kit,
  lines: number,
  orchestration: Orchestration | null,
  channels: string[],
): Promise<number> {
  const { id } = await kit.createRoom({ orchestration, channels })
  const say = (): Promise<unknown> => kit.send(id, { from: 'ada', text: 'hi' }, { wait: 'settled' })
  for (let line = 0; line < 50; line++) await say()
  const startMs = performance.now()
  for (let line = 0; line < lines; line++) await say()
  return lines / ((performance.now() - startMs) / 1_000)
}
