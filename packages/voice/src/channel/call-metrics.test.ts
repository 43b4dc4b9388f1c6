import { expect, test } from 'vitest'
import { Agent, defineTool } from '@parley/kit'
import { noTelemetry, type Attributes, type ChatModel, type Telemetry } from '@parley/spec'
import { createFakeStt, createFakeTts, scriptedModel } from '@parley/testing'
import { z } from 'zod'
import { createEndCallTool } from '../call/end-call-tool.ts'
import type { VoiceChannel } from './voice-channel.ts'
import { openCall, sayingAgent } from './__fixtures__/open-call.ts'

test('G-3 the tool endCall lets the reply be heard, then the goodbye, and closes the line', async () => {
  const live: { voice?: VoiceChannel } = {}
  const riley = new Agent('riley', {
    name: 'riley',
    model: scriptedModel([
      { text: 'that is done', toolCalls: [{ name: 'endCall', arguments: { goodbye: 'goodbye ada' } }] },
    ]),
    tools: [
      createEndCallTool({
        get calls() {
          return live.voice?.calls ?? []
        },
      }),
    ],
  })
  await using bench = await openCall({ agents: [riley], setUp: (_kit, _roomId, voice) => void (live.voice = voice) })
  void bench.endpoint.caller.sayText('bye')
  await bench.clock.advance(10_000)
  expect(bench.errors).toEqual([])
  expect(bench.heard().join(' ')).toBe('that is done goodbye ada')
  expect(bench.endpoint.closedWith).toBe('agent')
})

test('metrics: a turn tells its delays from the last voiced instant to the first audible sound, to receipt, screen and event', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'that is done')],
    channel: {
      stt: createFakeStt({ latencyMs: 100 }),
      tts: createFakeTts({ firstAudioMs: 200 }),
      endpointing: { minDelayMs: 500 },
    },
  })
  const told: Record<string, number>[] = []
  bench.call.on('metrics', ({ metrics }) => told.push(metrics))
  void bench.endpoint.caller.sayText('hello there')
  await bench.clock.advance(10_000)
  const [receipt] = await bench.receipts('metrics')
  expect(told).toHaveLength(1)
  expect(receipt).toMatchObject({ ...told[0] })
  expect(bench.endpoint.views.filter(({ type }) => type === 'metrics')).toEqual([{ type: 'metrics', metrics: told[0] }])
  const [turn] = bench.call.metrics.turns
  expect(turn?.report).toMatchObject({ ttsTtfb: 200, playbackLatency: 0, interruptions: 0, backchannels: 0 })
  const { eouDelay = 0, e2eLatency = 0, transcriptionDelay = 0, ttsTtfb = 0 } = turn?.report ?? {}
  expect(eouDelay).toBeGreaterThanOrEqual(500)
  expect(eouDelay).toBeLessThan(560)
  expect(transcriptionDelay).toBeLessThan(eouDelay)
  expect(e2eLatency).toBeGreaterThanOrEqual(eouDelay + ttsTtfb)
  expect(e2eLatency).toBeLessThan(eouDelay + ttsTtfb + 60)
})

test('metrics: an interruption tells how long the far end took to fall silent, and counts', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'one two three four five six seven eight nine ten eleven twelve', 'sure')],
    channel: { interruption: { warmupMs: 0 } },
  })
  void bench.endpoint.caller.sayText('tell me')
  await bench.clock.advance(3_500)
  void bench.endpoint.caller.sayText('stop please now')
  await bench.clock.advance(10_000)
  const [first] = bench.call.metrics.turns
  expect(first?.report.interruptions).toBe(1)
  expect(first?.report.bargeInLatency).toBeGreaterThanOrEqual(0)
  expect(first?.report.bargeInLatency).toBeLessThanOrEqual(60)
})

test('T-5 metrics: a filler is no answer, and has a number of its own', async () => {
  let clockOf: { sleep(ms: number): Promise<void> } | undefined
  const slow = defineTool({
    name: 'slow',
    description: 'Takes a while.',
    input: z.strictObject({}),
    run: async () => {
      await clockOf?.sleep(3_000)
      return 'ok'
    },
  })
  const riley = new Agent('riley', {
    name: 'riley',
    tools: [slow],
    model: scriptedModel([{ text: '', toolCalls: [{ name: 'slow', arguments: {} }] }, 'that is done']),
  })
  await using bench = await openCall({ agents: [riley], channel: { filler: { lines: ['hm'], max: 1 } } })
  clockOf = bench.clock
  void bench.endpoint.caller.sayText('do it')
  await bench.clock.advance(15_000)
  expect(bench.heard()).toEqual(['hm', 'that is done'])
  const report = bench.call.metrics.turns[0]?.report
  expect(report?.fillerLatency).toBeLessThan(2_500)
  expect(report?.e2eLatency).toBeGreaterThan(3_000)
})

test('latency budget: a late answer is laid to a stage, and the next one begins with a filler where that is asked for', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'first one', 'second one')],
    channel: {
      tts: createFakeTts({ firstAudioMs: 3_000 }),
      filler: { lines: ['hm'], delayMs: 60_000 },
      latencyBudget: { degrade: ['filler'] },
    },
  })
  void bench.endpoint.caller.sayText('hello there')
  await bench.clock.advance(10_000)
  expect(await bench.receipts('latencyOverrun')).toMatchObject([{ stage: 'tts' }])
  expect(await bench.receipts('latencyRemedy')).toMatchObject([{ remedy: 'filler' }])
  void bench.endpoint.caller.sayText('and again')
  await bench.clock.advance(15_000)
  expect(bench.heard().join(' ')).toBe('first one hm second one')
})

test('cost: speech and models are charged to the call, what has no price is unknown, and the hard cap ends it', async () => {
  const stt = createFakeStt()
  const tts = createFakeTts()
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'two payments', 'still two')],
    channel: {
      stt,
      tts: {
        ...tts,
        info: { ...tts.info, pricing: { perCharacter: 1_000_000 } },
        open: (...given) => tts.open(...given),
      },
      linePricing: { telephonyPerMinute: 10_000_000 },
      callBudget: { softUsd: 0.02, hardUsd: 0.03, onHard: 'end' },
    },
  })
  void bench.endpoint.caller.sayText('hello')
  await bench.clock.advance(6_000)
  const { cost } = bench.call.metrics
  expect(cost.stages).toMatchObject({ tts: 'two payments'.length * 1_000_000, telephony: 10_000_000 })
  expect(cost.unknown).toContain('model:riley')
  expect(await bench.receipts('budget')).toMatchObject([{ cap: 'soft', action: 'notify' }])
  void bench.endpoint.caller.sayText('and now')
  await bench.clock.advance(8_000)
  expect(await bench.receipts('budget')).toMatchObject([{ cap: 'soft' }, { cap: 'hard', action: 'end' }])
  expect(bench.endpoint.closedWith).toBe('budget')
})

test('spans: a call holds its turns, speech and playout; words are in them only where that is asked for', async () => {
  for (const captureContent of [false, true]) {
    const spans: { name: string; attributes: Attributes; isOpen: boolean }[] = []
    const telemetry: Telemetry = {
      ...noTelemetry,
      async span(name, attributes, run) {
        const span = { name, attributes: { ...attributes }, isOpen: true }
        spans.push(span)
        try {
          return await run({ set: (more: Attributes) => void Object.assign(span.attributes, more) })
        } finally {
          span.isOpen = false
        }
      },
    }
    await using bench = await openCall({
      agents: [sayingAgent('riley', 'that is done')],
      channel: { captureContent },
      kit: { telemetry },
    })
    void bench.endpoint.caller.sayText('hello there')
    await bench.clock.advance(6_000)
    const ended = bench.call.hangup()
    await bench.clock.advance(3_000)
    await ended
    const own = spans.filter(({ attributes }) => attributes['parley.call.id'] === bench.call.id)
    expect(own.map(({ name }) => name).toSorted()).toEqual([
      'parley.agent_turn',
      'parley.call',
      'parley.playout',
      'parley.tts',
      'parley.user_turn',
    ])
    expect(own.filter(({ isOpen }) => isOpen)).toEqual([])
    expect(JSON.stringify(own).includes('that is done')).toBe(captureContent)
    expect(JSON.stringify(own).includes('hello there')).toBe(captureContent)
  }
})

test('cost: at the hard cap the agent is told to come to an end, and the call goes on until it does', async () => {
  const requests: string[] = []
  const tts = createFakeTts({ sampleRateHz: 16_000 })
  const answer = (text: string) => (request: unknown) => {
    requests.push(JSON.stringify(request))
    return text
  }
  const agent = sayingAgent('riley', answer('hello'), answer('goodbye then'))
  await using bench = await openCall({
    agents: [agent],
    channel: {
      tts: {
        ...tts,
        info: { ...tts.info, pricing: { perCharacter: 1_000_000 } },
        open: (...given) => tts.open(...given),
      },
      callBudget: { hardUsd: 0.005 },
    },
  })
  void bench.endpoint.caller.sayText('hi')
  await bench.clock.advance(10_000)
  expect(await bench.receipts('budget')).toMatchObject([{ cap: 'hard', action: 'wrapUp' }])
  expect(requests.join('')).toContain('has to end soon')
  expect(bench.heard().join(' ')).toBe('hello goodbye then')
  expect(bench.call.state.isEnded).toBe(false)
})

/** Models whose requests are kept, with a cheaper one beside. */
function twoModels(
  count: number,
  before = async () => {},
): { agent: Agent; asked: { by: string; messages: number }[] } {
  const asked: { by: string; messages: number }[] = []
  const model = (by: string): ChatModel => {
    const scripted = scriptedModel(
      Array.from({ length: count }, (_, index) => (request) => {
        asked.push({ by, messages: request.messages.length })
        return `${by} ${index}`
      }),
      { id: `test/${by}` },
    )
    return {
      ...scripted,
      async *stream(...given) {
        await before()
        yield* scripted.stream(...given)
      },
    }
  }
  return { agent: new Agent('riley', { name: 'riley', model: model('dear'), fallbackModel: model('cheap') }), asked }
}

/** Speech that costs a thousandth of a dollar per character. */
function dearTts(options: Parameters<typeof createFakeTts>[0] = {}): ReturnType<typeof createFakeTts> {
  const tts = createFakeTts(options)
  return {
    ...tts,
    info: { ...tts.info, pricing: { perCharacter: 1_000_000 } },
    open: (...given) => tts.open(...given),
  }
}

test('cost: beyond the soft cap the cheaper model answers from the next turn on, and no reply is begun in vain', async () => {
  const { agent, asked } = twoModels(4)
  await using bench = await openCall({
    agents: [agent],
    channel: { tts: dearTts(), callBudget: { softUsd: 0.005, hardUsd: 1, onSoft: 'downgrade' } },
  })
  for (const text of ['hello', 'and then', 'and now']) {
    void bench.endpoint.caller.sayText(text)
    await bench.clock.advance(8_000)
  }
  expect(bench.heard()).toEqual(['dear 0', 'cheap 0', 'cheap 1'])
  expect(asked.map(({ by }) => by)).toEqual(['dear', 'cheap', 'cheap'])
  expect(await bench.receipts('budget')).toMatchObject([{ cap: 'soft', action: 'downgrade' }])
  const turns = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
  expect(turns.map(({ data }) => (data as { downgradedFrom?: string }).downgradedFrom)).toEqual([
    undefined,
    agent.model?.id,
    agent.model?.id,
  ])
  // PG-4: the first turn was begun before it was certain, those beyond the cap were not.
  const begun = (await bench.receipts('speculation')).filter(({ phase }) => phase === 'ended')
  expect(begun).toHaveLength(1)
  expect(bench.errors).toEqual([])
})

test('cost: an agent without a cheaper model answers on, and its turns say so', async () => {
  await using bench = await openCall({
    agents: [sayingAgent('riley', 'first one', 'second one')],
    channel: { tts: dearTts(), callBudget: { softUsd: 0.005, onSoft: 'downgrade' } },
  })
  for (const text of ['hello', 'and then']) {
    void bench.endpoint.caller.sayText(text)
    await bench.clock.advance(8_000)
  }
  expect(bench.heard()).toEqual(['first one', 'second one'])
  const turns = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
  expect(turns.at(-1)?.data).toMatchObject({ downgradedFrom: null })
})

test('cost: text members are answered by the agent’s own model, whatever a call may spend', async () => {
  const { agent, asked } = twoModels(4)
  await using bench = await openCall({
    agents: [agent],
    channel: { tts: dearTts(), callBudget: { softUsd: 0.005, onSoft: 'downgrade' } },
  })
  void bench.endpoint.caller.sayText('hello')
  await bench.clock.advance(8_000)
  await bench.kit.ensureParticipant(bench.roomId, { id: 'ben', displayName: 'Ben' })
  await bench.kit.send(bench.roomId, { from: 'ben', text: 'and me' })
  await bench.clock.advance(8_000)
  expect(asked.map(({ by }) => by)).toEqual(['dear', 'dear'])
})

test('latency budget: while answers are late the model reads less, then another one answers, until they are in time again', async () => {
  let lateMs = 0
  const waits: { ms(ms: number): Promise<void> } = { ms: async () => {} }
  const { agent, asked } = twoModels(40, () => waits.ms(lateMs))
  await using bench = await openCall({
    agents: [agent],
    channel: {
      preemptive: { enabled: false },
      latencyBudget: { degrade: ['shorterContext', 'fallbackModel'], window: 1 },
    },
  })
  waits.ms = (ms) => bench.clock.sleep(ms)
  const turn = async (text: string): Promise<void> => {
    void bench.endpoint.caller.sayText(text)
    await bench.clock.advance(12_000)
  }
  for (let count = 0; count < 10; count++) await turn(`question ${count}`)
  expect(asked.at(-1)?.messages).toBeGreaterThan(15)
  lateMs = 3_000
  await turn('late one')
  await turn('late two')
  expect(asked.at(-1)).toMatchObject({ by: 'dear' })
  expect(asked.at(-1)?.messages).toBeLessThanOrEqual(13)
  await turn('late three')
  expect(asked.at(-1)).toMatchObject({ by: 'cheap' })
  lateMs = 0
  await turn('in time')
  await turn('as ever')
  expect(asked.at(-1)).toMatchObject({ by: 'dear' })
  expect(asked.at(-1)?.messages).toBeGreaterThan(15)
  const remedies = (await bench.receipts('latencyRemedy')).map(({ remedy }) => remedy)
  expect(remedies).toEqual(['shorterContext', 'fallbackModel', 'fallbackModel', null])
  expect(bench.errors).toEqual([])
})
