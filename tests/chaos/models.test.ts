import { Agent, type Kit } from '@parley/kit'
import {
  defineTool,
  type CallOptions,
  type ChatModel,
  type ChatPart,
  type ChatRequest,
  type Json,
  type Receipt,
  type RoomEvent,
} from '@parley/spec'
import { createVirtualClock, scriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { endOf, openKit, recordingTransport, textsOf, type ChaosBench } from './chaos-bench.ts'

const card = scriptedModel([]).card

/** A model that streams what it is told to, whatever that is. */
function rawModel(stream: (request: ChatRequest, options: CallOptions, call: number) => unknown): ChatModel {
  let calls = 0
  // What comes out is what a broken adapter could give.
  return {
    id: 'test/raw',
    card,
    stream: (request, options) => stream(request, options, calls++) as AsyncIterable<ChatPart>,
  }
}

async function* parts(...given: unknown[]): AsyncGenerator<unknown, void, void> {
  for (const part of given) yield part
}

const usage = { inputTokens: 1, outputTokens: 1 }
const end = { type: 'end', reason: 'stop', usage }

/** Every way in which a model can be broken, by name. */
const brokenModels: Record<string, () => ChatModel> = {
  'throws before it streams': () =>
    rawModel(() => {
      throw new Error('sk-live-1 refused')
    }),
  'gives no stream': () => rawModel(() => undefined),
  'gives a number as its stream': () => rawModel(() => 7),
  'never begins': () => rawModel(() => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })),
  'stops before its end': () => rawModel(() => parts({ type: 'textDelta', text: 'half a ' })),
  'gives nothing at all': () => rawModel(() => parts()),
  'streams null': () => rawModel(() => parts(null, end)),
  'streams parts of no known type': () => rawModel(() => parts({ type: 'nonsense', text: 'x' }, 'text', 7, end)),
  'streams text that is no text': () =>
    rawModel(() =>
      parts({ type: 'textDelta', text: { a: 1 } }, { type: 'textDelta' }, { type: 'textDelta', text: 10n }, end),
    ),
  'ends without usage': () =>
    rawModel(() => parts({ type: 'textDelta', text: 'fine' }, { type: 'end', reason: 'stop' })),
  'ends with absurd usage': () =>
    rawModel(() =>
      parts(
        { type: 'textDelta', text: 'fine' },
        { type: 'end', reason: 'stop', usage: { inputTokens: -5, outputTokens: Number.NaN } },
      ),
    ),
  'ends for no known reason': () =>
    rawModel(() => parts({ type: 'textDelta', text: 'fine' }, { type: 'end', reason: 'because', usage })),
  'calls a tool without a name': () => rawModel(() => parts({ type: 'toolCall', call: { callId: 'c' } }, end)),
  'calls nothing': () => rawModel(() => parts({ type: 'toolCall' }, { type: 'toolCall', call: null }, end)),
  'calls a tool with arguments that are no text': () =>
    rawModel(() => parts({ type: 'toolCall', call: { callId: 'c', name: 'look_up', arguments: { id: 1 } } }, end)),
  'calls with an id that is used twice': () =>
    rawModel((_request, _options, call) =>
      call === 0
        ? parts(
            { type: 'toolCall', call: { callId: 'c', name: 'look_up', arguments: '{"id":1}' } },
            { type: 'toolCall', call: { callId: 'c', name: 'look_up', arguments: '{"id":2}' } },
            { type: 'end', reason: 'toolCalls', usage },
          )
        : parts({ type: 'textDelta', text: 'done' }, end),
    ),
  'ends its stream with a throw that is no error': () =>
    rawModel(async function* () {
      yield { type: 'textDelta', text: 'half' }
      throw 'sk-live-1 refused'
    }),
}

const lookUp = defineTool({
  name: 'look_up',
  description: 'Looks something up.',
  input: z.object({ id: z.number() }),
  run: ({ id }) => ({ id }),
})

async function startRoom(
  model: ChatModel,
  options: ConstructorParameters<typeof Agent>[1] = {},
): Promise<ChaosBench & { web: ReturnType<typeof recordingTransport> }> {
  const web = recordingTransport('web')
  const clock = createVirtualClock()
  const bench = openKit({ clock }, [web, new Agent('bot', { model, tools: [lookUp], ...options })])
  await bench.kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
  return { ...bench, web }
}

const turnsOf = async (kit: Kit): Promise<{ end: string; agentId: string }[]> => {
  // Receipts of turns say these two (TU-4).
  return (await kit.receipts('room', { kind: 'turn' })).map(
    ({ data }: Receipt) => data as { end: string; agentId: string },
  )
}

function expectGapFree(events: readonly RoomEvent[]): void {
  expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
}

test.each(Object.keys(brokenModels))(
  'TU-4 TU-5 a model that %s ends its turn with a receipt, says nothing it did not say, and the room goes on',
  async (name) => {
    const { kit, clock, errors } = await startRoom((brokenModels[name] ?? (() => scriptedModel([])))())
    const sent = await endOf(clock, kit.send('room', { from: 'ada', text: 'hello' }, { wait: 'settled' }), 700_000)
    expect(sent).toMatchObject({ value: { outcome: 'committed' } })
    const turns = await turnsOf(kit)
    expect(turns).toHaveLength(1)
    expect(['failed', 'timeout', 'completed', 'empty']).toContain(turns[0]?.end)
    if (turns[0]?.end === 'failed')
      expect(errors.map(({ error }) => error.code).filter((code) => !/^(model|agent|tool)_/.test(code))).toEqual([])
    const events = await kit.events('room', { limit: 1_000 })
    expectGapFree(events)
    const everything = JSON.stringify([
      events,
      await kit.receipts('room', { limit: 1_000 }),
      errors.map(({ error }) => error),
    ])
    expect(everything).not.toContain('sk-live')
    expect(everything).not.toContain('[object')
    // The room is not stuck: the next message is taken, and answered or refused in its turn.
    const next = await endOf(clock, kit.send('room', { from: 'ada', text: 'again' }, { wait: 'settled' }), 700_000)
    expect(next).toMatchObject({ value: { outcome: 'committed' } })
    expect(await turnsOf(kit)).toHaveLength(2)
    expect(clock.pending).toBeLessThanOrEqual(2)
  },
)

test('TU-4 a model that never ends is stopped at the time of its turn, and what it said is kept', async () => {
  const clock = createVirtualClock()
  const endless = rawModel(async function* (_request, { signal }) {
    for (;;) {
      await clock.sleep(1_000, { signal })
      yield { type: 'textDelta', text: 'and ' }
    }
  })
  const { kit } = openKit({ clock }, [
    recordingTransport('web'),
    new Agent('bot', { model: endless, limits: { turnTimeoutMs: 10_000 } }),
  ])
  await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
  await endOf(clock, kit.send('room', { from: 'ada', text: 'hello' }, { wait: 'settled' }), 60_000)
  expect(await turnsOf(kit)).toMatchObject([{ end: 'timeout' }])
  const said = textsOf((await kit.events('room')).filter(({ source }) => source.kind === 'agent'))
  expect(said).toHaveLength(1)
  expect(said[0]).toMatch(/^(and ?){5,10}/)
})

/** Runs one message against scripted answers and gives what the model was told about its calls. */
async function runScript(
  turns: ScriptedTurn[],
  options: ConstructorParameters<typeof Agent>[1] = {},
): Promise<{ bench: ChaosBench; results: Json[]; calls: number }> {
  const model = scriptedModel(turns, { then: 'last' })
  const bench = await startRoom(model, options)
  const sent = await endOf(
    bench.clock,
    bench.kit.send('room', { from: 'ada', text: 'hello' }, { wait: 'settled' }),
    700_000,
  )
  expect(sent).toMatchObject({ value: { outcome: 'committed' } })
  const results =
    model.requests
      .at(-1)
      ?.messages.flatMap((message): Json[] =>
        message.role === 'tool'
          ? message.results.map(({ content }) => (typeof content === 'string' ? content : null))
          : [],
      ) ?? []
  return { bench, results, calls: model.requests.length }
}

test('TL-2 a model that calls an unknown tool is told which it has, and answers', async () => {
  const { bench, results } = await runScript([{ toolCalls: [{ name: 'lok_up', arguments: { id: 1 } }] }, 'found it'])
  expect(JSON.stringify(results)).toMatch(/tool_unknown.*look_up/)
  expect(textsOf(await bench.kit.events('room', { types: ['message'] }))).toEqual(['hello', 'found it'])
})

test.each([
  ['broken JSON', '{"id": 1'],
  ['no object', '[1, 2]'],
  ['another type', '{"id": "one"}'],
  ['nothing', ''],
  ['a prototype', '{"__proto__": {"id": 1}}'],
  ['ten thousand brackets', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
])('TL-2 a model that sends %s as arguments is told what is expected; the tool is not run', async (_name, given) => {
  let runs = 0
  const strict = defineTool({
    name: 'look_up',
    description: 'Looks something up.',
    input: z.object({ id: z.number() }),
    run: () => void (runs += 1),
  })
  const { bench, results } = await runScript(
    [{ toolCalls: [{ name: 'look_up', arguments: given }] }, 'I could not look it up.'],
    { tools: [strict] },
  )
  expect(runs).toBe(0)
  expect(JSON.stringify(results)).toMatch(/tool_arguments_invalid/)
  expect(JSON.stringify(results).length).toBeLessThan(4_000)
  expect(textsOf(await bench.kit.events('room', { types: ['message'] }))).toEqual(['hello', 'I could not look it up.'])
})

test('TL-5 a model that calls a hundred tools at once gets a result for each, 32 of them run', async () => {
  let runs = 0
  const counted = defineTool({
    name: 'look_up',
    description: 'Looks something up.',
    input: z.object({ id: z.number() }),
    effect: 'pure',
    run: ({ id }) => ({ id, runs: ++runs }),
  })
  const toolCalls = Array.from({ length: 100 }, (_, id) => ({ name: 'look_up', arguments: { id } }))
  const { results } = await runScript([{ toolCalls }, 'that was a lot'], { tools: [counted] })
  expect(runs).toBe(32)
  expect(results).toHaveLength(100)
  expect(JSON.stringify(results).match(/tool_too_many_calls/g)).toHaveLength(68)
})

test('a model that calls the same tool for ever is stopped, and the person gets a plain answer', async () => {
  const { bench, calls } = await runScript([
    (request) =>
      request.tools === undefined || request.tools.length === 0 || request.toolChoice === 'none'
        ? 'I give up.'
        : { toolCalls: [{ name: 'look_up', arguments: { id: 1 } }] },
  ])
  expect(calls).toBeLessThanOrEqual(7)
  expect(textsOf(await bench.kit.events('room', { types: ['message'] }))).toEqual(['hello', 'I give up.'])
})

/** What a tool may hand back, or do, instead of its work. */
const oddTools: Record<string, { run: () => unknown; told: RegExp }> = {
  'returns undefined': { run: () => undefined, told: /null/ },
  'returns a function': { run: () => () => 1, told: /tool_result_invalid/ },
  'returns a symbol': { run: () => Symbol('s'), told: /tool_result_invalid/ },
  'returns a BigInt': { run: () => ({ amount: 10n }), told: /tool_result_invalid/ },
  'returns itself in a circle': {
    run: () => {
      const circle: { self?: object } = {}
      circle.self = circle
      return circle
    },
    told: /tool_result_invalid/,
  },
  'returns something that throws when it is read': {
    run: () => ({
      get secret() {
        throw new Error('sk-live-1')
      },
    }),
    told: /tool_result_invalid/,
  },
  'throws no error': {
    run: () => {
      throw 'sk-live-1'
    },
    told: /tool_failed/,
  },
  'throws undefined': { run: () => Promise.reject(undefined), told: /tool_failed/ },
  hangs: { run: () => new Promise(() => {}), told: /tool_timeout/ },
  'returns ten megabytes': { run: () => 'x'.repeat(10 * 1024 * 1024), told: /read_stored_result/ },
  'returns a promise of a promise of NaN': { run: () => Promise.resolve(Promise.resolve(Number.NaN)), told: /null/ },
}

test.each(Object.keys(oddTools))(
  'TL-6 a tool that %s gives the model a typed result, and the turn goes on',
  async (name) => {
    const odd = oddTools[name]
    if (odd === undefined) throw new Error(name)
    const tool = defineTool({ name: 'odd', description: 'Is odd.', input: z.object({}), run: odd.run })
    const { bench, results } = await runScript([{ toolCalls: [{ name: 'odd', arguments: {} }] }, 'so be it'], {
      tools: [tool],
    })
    const told = JSON.stringify(results)
    expect(told).toMatch(odd.told)
    expect(told.length).toBeLessThan(80_000)
    const { kit, errors } = bench
    expect(textsOf(await kit.events('room', { types: ['message'] }))).toEqual(['hello', 'so be it'])
    const kept = JSON.stringify([
      await kit.events('room', { limit: 1_000 }),
      await kit.receipts('room', { limit: 1_000 }),
      errors.map(({ error }) => error),
    ])
    expect(kept).not.toContain('sk-live')
    expect(kept.length).toBeLessThan(400_000)
    expect(await turnsOf(kit)).toMatchObject([{ end: 'completed' }])
  },
)
