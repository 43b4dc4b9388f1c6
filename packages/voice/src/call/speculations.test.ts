import { Agent, callAccessOf } from '@parley/kit'
import { defineTool, type Json } from '@parley/spec'
import { createFakeTts, scriptedModel, type ScriptedModel, type ScriptedTurn } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openCall, type CallBench, type CallBenchOptions } from '../channel/__fixtures__/open-call.ts'

interface Foreseen extends CallBench {
  model: ScriptedModel
  clockOf(what: 'speculate' | 'commitUserTurn'): number | undefined
}

/** A call whose model takes its time, counted on the call's clock. */
async function open(
  turns: (clock: () => CallBench) => ScriptedTurn[],
  options: CallBenchOptions = {},
): Promise<Foreseen> {
  let bench: CallBench | undefined
  const model = scriptedModel(turns(() => bench ?? fail()))
  bench = await openCall({ agents: [new Agent('riley', { model, name: 'Riley' })], ...options })
  return Object.assign(bench, {
    model,
    clockOf: (what: string) =>
      bench?.call.log.find(({ effects }) => JSON.stringify(effects).includes(`"type":"${what}"`))?.atMs,
  })
}

function fail(): never {
  throw new Error('The call is not open yet.')
}

const afterMs = (bench: () => CallBench, ms: number, text: string) => async (): Promise<string> => {
  await bench().clock.sleep(ms)
  return text
}

const isEnd = (receipt: { [key: string]: Json }): boolean => receipt['phase'] === 'ended'

test('PG-1 PG-2 the text of the answer is ready when the turn commits', async () => {
  // The model takes 200 ms: less than the silence that ends a turn.
  const run = async (enabled: boolean): Promise<{ answeredMs: number; bench: Foreseen }> => {
    const bench = await open((call) => [afterMs(call, 200, 'two payments')], { channel: { preemptive: { enabled } } })
    void bench.endpoint.caller.sayText('i was charged twice')
    await bench.clock.advance(10_000)
    const committedMs = bench.clockOf('commitUserTurn') ?? 0
    const startedMs = bench.call.log.find(({ event }) => JSON.stringify(event).includes('"replyDelta"'))?.atMs ?? 0
    expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: two payments'])
    expect(bench.heard()).toEqual(['two payments'])
    expect(bench.errors).toEqual([])
    expect(bench.model.requests).toHaveLength(1)
    return { answeredMs: startedMs - committedMs, bench }
  }
  const early = await run(true)
  const late = await run(false)
  expect(early.answeredMs).toBe(0)
  expect(late.answeredMs).toBe(200)
  expect(early.bench.clockOf('speculate')).toBeLessThan(early.bench.clockOf('commitUserTurn') ?? 0)
  const [ended] = (await early.bench.receipts('speculation')).filter(isEnd)
  expect(ended).toMatchObject({ isAdopted: true, usage: { inputTokens: expect.any(Number) } })
  expect(late.bench.clockOf('speculate')).toBeUndefined()
  await early.bench.kit.close()
  await late.bench.kit.close()
})

test('PG-1 PG-2 other words throw it away: its tokens are in the receipt and on the bill of the call', async () => {
  await using bench = await open(() => ['To the half.', 'To the whole.'], {
    channel: { endpointing: { minDelayMs: 1_200, maxDelayMs: 1_500 } },
  })
  const { endpoint, clock } = bench
  void endpoint.caller.sayText('i want a')
  await clock.advance(1_300)
  expect(bench.model.requests).toHaveLength(1)
  void endpoint.caller.sayText('refund please')
  await clock.advance(12_000)
  expect(await bench.lines()).toEqual(['ada: i want a refund please', 'riley: To the whole.'])
  const ended = (await bench.receipts('speculation')).filter(isEnd)
  expect(ended).toMatchObject([
    { isAdopted: false, reason: 'aborted', usage: { inputTokens: expect.any(Number) } },
    { isAdopted: true },
  ])
  expect(JSON.stringify(ended[0])).not.toContain('"inputTokens":0')
  expect(bench.errors).toEqual([])
})

test('PG-2 a transcript that a hook may change is shown to no model before', async () => {
  await using bench = await open(() => ['Answer.'], {
    setUp: (kit) => void kit.hook('onTranscription', () => {}),
  })
  void bench.endpoint.caller.sayText('i was charged twice')
  await bench.clock.advance(1_450)
  expect(bench.clockOf('speculate')).toBeDefined()
  expect(bench.model.requests).toEqual([])
  await bench.clock.advance(10_000)
  expect(bench.heard()).toEqual(['Answer.'])
})

test('PG-3 a tool with effects waits for the turn and then runs once', async () => {
  const ranAtMs: number[] = []
  const pay = defineTool({
    name: 'pay',
    description: 'Pays',
    input: z.object({}),
    run: (_input, { clock }) => void ranAtMs.push(clock.monotonicMs()),
  })
  const model = scriptedModel([{ toolCalls: [{ name: 'pay', arguments: {} }] }, 'It is paid.'])
  await using bench = await openCall({ agents: [new Agent('riley', { model, name: 'Riley', tools: [pay] })] })
  void bench.endpoint.caller.sayText('please pay it')
  await bench.clock.advance(10_000)
  const committed = bench.call.log.find(({ effects }) => JSON.stringify(effects).includes('"commitUserTurn"'))
  expect(ranAtMs).toHaveLength(1)
  expect(ranAtMs[0]).toBeGreaterThanOrEqual(committed?.atMs ?? Number.POSITIVE_INFINITY)
  expect(await bench.lines()).toEqual(['ada: please pay it', 'riley: It is paid.'])
  expect(bench.errors).toEqual([])
})

test('PG-5 with preemptive.tts the sound is made early and never played before the turn is adopted', async () => {
  const tts = createFakeTts({ sampleRateHz: 16_000 })
  const spokenAtMs: number[] = []
  await using bench = await open(() => ['Two payments, both in october.'], {
    channel: { tts, preemptive: { enabled: true, tts: true } },
    setUp: (kit) => void kit.hook('beforeTts', () => void spokenAtMs.push(callAccessOf(kit).clock.monotonicMs())),
  })
  void bench.endpoint.caller.sayText('i was charged twice')
  await bench.clock.advance(12_000)
  const committedMs = bench.clockOf('commitUserTurn') ?? 0
  const startedMs = bench.call.log.find(({ event }) => JSON.stringify(event).includes('"playoutStarted"'))?.atMs ?? 0
  expect(spokenAtMs[0]).toBeLessThan(committedMs)
  expect(startedMs).toBeGreaterThanOrEqual(committedMs)
  expect(bench.heard().join(' ')).toBe('Two payments, both in october.')
  expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: Two payments, both in october.'])
  expect(bench.errors).toEqual([])
})

test.for([
  { pricing: { perCharacter: 0 }, isAhead: true },
  { pricing: { perCharacter: 1_000 }, isAhead: false },
  { pricing: undefined, isAhead: false },
])('PG-5 by default sound is made ahead where it costs nothing: $pricing', async ({ pricing, isAhead }) => {
  const fake = createFakeTts({ sampleRateHz: 16_000 })
  const tts = { ...fake, info: { ...fake.info, ...(pricing === undefined ? {} : { pricing }) } }
  const spokenAtMs: number[] = []
  // No boundary ends the sentence: that its text is whole has to be known.
  await using bench = await open(() => ['two payments in october'], {
    channel: { tts },
    setUp: (kit) => void kit.hook('beforeTts', () => void spokenAtMs.push(callAccessOf(kit).clock.monotonicMs())),
  })
  void bench.endpoint.caller.sayText('i was charged twice')
  await bench.clock.advance(12_000)
  expect(spokenAtMs).toHaveLength(1)
  expect((spokenAtMs[0] ?? 0) < (bench.clockOf('commitUserTurn') ?? 0)).toBe(isAhead)
  expect(bench.heard().join(' ')).toBe('two payments in october')
  expect(await bench.lines()).toEqual(['ada: i was charged twice', 'riley: two payments in october'])
  expect(bench.errors).toEqual([])
})

test('PG-5 sound that was made for other words is never heard', async () => {
  await using bench = await open(() => ['To the half.', 'To the whole.'], {
    channel: { preemptive: { enabled: true, tts: true }, endpointing: { minDelayMs: 1_200, maxDelayMs: 1_500 } },
  })
  const { endpoint, clock } = bench
  void endpoint.caller.sayText('i want a')
  await clock.advance(1_300)
  void endpoint.caller.sayText('refund please')
  await clock.advance(12_000)
  expect(bench.heard()).toEqual(['To the whole.'])
  expect(await bench.lines()).toEqual(['ada: i want a refund please', 'riley: To the whole.'])
})

test('PG-4 a value that was asked for is never shown to the model', async () => {
  await using bench = await open(() => ['Answer.'])
  const given = bench.call.collect({ digits: { min: 4, max: 4 }, sensitive: true, prompt: 'Your code please.' })
  await bench.clock.advance(4_000)
  void bench.endpoint.caller.sayText('one two three four')
  await bench.clock.advance(1_700)
  expect(bench.clockOf('speculate')).toBeDefined()
  await bench.clock.advance(20_000)
  await given
  expect(JSON.stringify(bench.model.requests)).not.toMatch(/one two three four|1234/)
})

test('PG-4 over its budget nothing is speculated, and no token is spent', async () => {
  const model = scriptedModel(['Never.'], {
    card: { price: { from: '2026-01-01T00:00:00.000Z', input: 1_000_000, output: 1_000_000 } },
  })
  await using bench = await openCall({
    agents: [Object.assign(new Agent('riley', { model, name: 'Riley' }), { budget: { maxCostUsd: 0.000_001 } })],
  })
  void bench.endpoint.caller.sayText('hello there')
  await bench.clock.advance(10_000)
  expect(model.requests).toEqual([])
  const [ended] = (await bench.receipts('speculation')).filter(isEnd)
  expect(ended).toMatchObject({
    isAdopted: false,
    reason: 'budgetExceeded',
    usage: { inputTokens: 0, outputTokens: 0 },
  })
})
