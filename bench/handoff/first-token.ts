import { createPostgresStore } from '@parley/postgres'
import { Agent, Kit, Pipeline, type KitOptions } from '@parley/kit'
import type { CallOptions, ChatModel, ChatPart, ChatRequest } from '@parley/spec'
import type { UnnamedFigure } from '../figure.ts'
import { quietModel } from '../inbound/quiet-model.ts'
import { quantileFigures } from '../quantile-figures.ts'
import { openBenchDatabase } from '../store/bench-database.ts'
import type { Scenario } from '../suite.ts'

/** From asking for a handoff, through its acceptance, to the receiver's first token; memory store. */
export const inMemory: Scenario = async function* ({ progress, isQuick }) {
  progress('handoff-memory')
  yield* figures('handoff-memory', 5, await times({}, isQuick ? 20 : 1_000))
}

/** The same on PGlite. */
export const onPglite: Scenario = async function* ({ progress, isQuick }) {
  progress('handoff-pglite')
  await using opened = await openBenchDatabase()
  yield* figures('handoff-pglite', 25, await times({ store: createPostgresStore(opened) }, isQuick ? 10 : 300))
}

interface Times {
  ours: number[]
  peer: number[]
}

async function times(options: KitOptions, count: number): Promise<Times> {
  const watch = watchTokens()
  await using kit = new Kit(options)
  const agents = ['first', 'second'].map((id) => new Agent(id, { model: watch.model, description: `The ${id} agent.` }))
  const stages = [
    { phase: 'first', agentId: 'first', next: 'second' },
    { phase: 'second', agentId: 'second', next: 'first' },
  ]
  const room = await kit.createRoom({ orchestration: new Pipeline({ agents, stages }) })
  const measured: Times = { ours: [], peer: [] }
  const warmUps = Math.ceil(count / 10)
  let target = 'first'
  for (let number = -warmUps; number < count; number++) {
    // A person's line lets the next handoff be made: agents alone may hand over only so often.
    await kit.send(room.id, { from: 'ada', text: 'hi' }, { wait: 'settled' })
    target = target === 'first' ? 'second' : 'first'
    const ours = await handOver(kit, room.id, target, watch)
    const peer = await callPlainly(watch)
    if (number < 0) continue
    measured.ours.push(ours)
    measured.peer.push(peer)
  }
  return measured
}

async function handOver(kit: Kit, roomId: string, target: string, watch: TokenWatch): Promise<number> {
  const first = watch.next()
  const startMs = performance.now()
  const result = await kit.handoff(
    roomId,
    { target, reason: 'it is theirs', summary: 'Ada has a question.' },
    { by: { kind: 'code', id: 'bench' } },
  )
  if (!result.accepted) throw new Error(`The handoff was refused: ${JSON.stringify(result)}`)
  const tookMs = (await first) - startMs
  await kit.settled(roomId)
  return tookMs
}

/** The least: the receiver is a function. */
async function callPlainly(watch: TokenWatch): Promise<number> {
  const first = watch.next()
  const startMs = performance.now()
  for await (const _part of watch.model.stream(
    { messages: [{ role: 'user', content: 'hi' }] },
    { signal: new AbortController().signal },
  ));
  return (await first) - startMs
}

interface TokenWatch {
  readonly model: ChatModel
  /** When the model gives its next first token. */
  next(): Promise<number>
}

function watchTokens(): TokenWatch {
  const quiet = quietModel()
  let told = (_atMs: number): void => {}
  async function* stream(request: ChatRequest, options: CallOptions): AsyncGenerator<ChatPart> {
    let isFirst = true
    for await (const part of quiet.stream(request, options)) {
      if (isFirst) told(performance.now())
      isFirst = false
      yield part
    }
  }
  return {
    model: { ...quiet, stream },
    next: () => new Promise((resolve) => (told = resolve)),
  }
}

function figures(metric: string, budgetMs: number, times: Times): Iterable<UnnamedFigure> {
  const note = `Asking, checks, commit, the opening turn and its context, up to the model's first token; target: p99 under ${budgetMs} ms.`
  return quantileFigures({ metric, unit: 'ms', ...times, peerName: 'plain function call', note })
}
