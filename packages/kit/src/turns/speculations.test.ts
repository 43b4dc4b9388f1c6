import { defineTool, type AnyTool, type Json, type RoomEvent } from '@parley/spec'
import { scriptedModel, type ScriptedModel, type ScriptedTurn, type VirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { line, openKit, recordingTransport, textOf, type KitBench } from '../__fixtures__/open-kit.ts'
import { Agent } from '../agent/agent.ts'
import { callAccessOf } from '../core/call-access.ts'
import { modify } from '../hooks/hook-results.ts'
import type { ForeseenMessage, Speculation } from './speculations.ts'

interface Bench extends KitBench {
  roomId: string
  model: ScriptedModel
  foresee(text: string, more?: Partial<ForeseenMessage>): Promise<Speculation | undefined>
  say(text: string): Promise<void>
  log(): Promise<string[]>
}

const price = { from: '2026-01-01T00:00:00.000Z', input: 1_000, output: 2_000 }

async function open(turns: ScriptedTurn[], tools: AnyTool[] = [], card: object = {}): Promise<Bench> {
  const model = scriptedModel(turns, { card: { price, ...card } })
  const bench = openKit({}, [recordingTransport('phone'), new Agent('riley', { model, tools })])
  const { id: roomId } = await bench.kit.createRoom({ channels: ['phone', 'riley'] })
  await bench.kit.ensureParticipant(roomId, { id: 'ada' })
  return {
    ...bench,
    roomId,
    model,
    async foresee(text, more = {}) {
      const isSame = (event: RoomEvent): boolean => textOf(event.content) === text
      const given = { roomId, agentId: 'riley', channelId: 'phone', participantId: 'ada', text, isSame, ...more }
      const begun = await callAccessOf(bench.kit).speculate(given)
      await bench.clock.advance(1_000)
      return begun
    },
    async say(text) {
      void bench.kit.processInbound(line('phone', 'ada', text), { roomId })
      await bench.clock.advance(5_000)
    },
    async log() {
      const events = await bench.kit.events(roomId)
      return events.flatMap(({ type, content }) => (type === 'message' ? [textOf(content)] : []))
    },
  }
}

function tool(name: string, more: Partial<Parameters<typeof defineTool>[0]> = {}): { tool: AnyTool; runs: unknown[] } {
  const runs: unknown[] = []
  const made = defineTool({
    name,
    description: name,
    input: z.object({}),
    ...more,
    run(input: unknown) {
      runs.push(input)
      return { name }
    },
  })
  return { tool: made, runs }
}

const calls = (name: string): { toolCalls: { name: string; arguments: Json }[] } => ({
  toolCalls: [{ name, arguments: {} }],
})

test('PG-2 what was made before the message is its answer, and the model is not asked again', async () => {
  const bench = await open(['Two payments.'])
  const begun = await bench.foresee('i was charged twice')
  expect(bench.model.requests).toHaveLength(1)
  expect(await bench.log()).toEqual([])
  await begun?.offer()
  await bench.say('i was charged twice')
  expect(await bench.log()).toEqual(['i was charged twice', 'Two payments.'])
  expect(bench.model.requests).toHaveLength(1)
  expect(bench.model.requests[0]?.messages.at(-1)).toMatchObject({ role: 'user', content: 'i was charged twice' })
  expect(await begun?.done).toMatchObject({ isAdopted: true, isEstimated: false })
  const [receipt] = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
  expect(receipt).toMatchObject({ turnId: begun?.turnId, data: { end: 'completed' } })
  expect(bench.errors).toEqual([])
})

test('PG-2 other words, as said or as a hook left them, are answered anew; the tokens are told and charged', async () => {
  for (const isHook of [false, true]) {
    const bench = await open(['Foreseen.', 'Asked.'])
    if (isHook) {
      bench.kit.hook(
        'beforeBroadcast',
        ({ event }) =>
          event.source.kind === 'person' ? modify({ ...event, content: { type: 'text', text: 'changed' } }) : undefined,
        { live: 'pass' },
      )
    }
    const begun = await bench.foresee('i was charged')
    await begun?.offer()
    await bench.say(isHook ? 'i was charged' : 'i was charged twice')
    begun?.withdraw('text')
    expect((await bench.log()).at(-1)).toBe('Asked.')
    expect(bench.model.requests).toHaveLength(2)
    const outcome = await begun?.done
    expect(outcome).toMatchObject({ isAdopted: false, reason: 'text' })
    expect(outcome?.usage.inputTokens).toBeGreaterThan(0)
    expect(outcome?.costNanoUsd).toBeGreaterThan(0)
  }
})

test('PG-2 a model that is stopped before it tells its use is charged by estimate', async () => {
  const bench = await open([() => new Promise<string>(() => {})])
  const begun = await bench.foresee('i was charged')
  begun?.withdraw('text')
  await bench.clock.advance(0)
  const outcome = await begun?.done
  expect(outcome).toMatchObject({ isAdopted: false, isEstimated: true })
  expect(outcome?.usage.inputTokens).toBeGreaterThan(0)
})

test('PG-1 an event in between changes the context: the answer is made anew', async () => {
  const bench = await open(['Foreseen.', 'To the first.', 'To the second.'])
  const begun = await bench.foresee('i was charged twice')
  await bench.say('hello')
  await begun?.offer()
  await bench.say('i was charged twice')
  begun?.withdraw('context')
  expect(await bench.log()).toEqual(['hello', 'To the first.', 'i was charged twice', 'To the second.'])
})

test('PG-1 another agent or a changed conversation takes nothing of it', async () => {
  const bench = await open(['Foreseen.', 'Asked.'])
  const begun = await bench.foresee('hi')
  await bench.kit.updateState(bench.roomId, (state) => state.with({ context: { ...state.context, plan: 'gold' } }))
  await begun?.offer()
  await bench.say('hi')
  expect((await bench.log()).at(-1)).toBe('Asked.')
  expect(await begun?.done).toMatchObject({ isAdopted: false, reason: 'state' })
  expect(await bench.foresee('hi', { agentId: 'nobody' })).toBeUndefined()
})

test('PG-3 pure tools run at once; any other waits for the message and then runs once', async () => {
  const look = tool('look', { effect: 'pure' })
  const pay = tool('pay')
  const bench = await open([calls('look'), calls('pay'), 'Paid.'], [look.tool, pay.tool])
  const begun = await bench.foresee('pay it')
  expect([look.runs.length, pay.runs.length]).toEqual([1, 0])
  expect(await bench.kit.events(bench.roomId, { types: ['toolCallStarted'] })).toEqual([])
  await begun?.offer()
  await bench.say('pay it')
  expect([look.runs.length, pay.runs.length]).toEqual([1, 1])
  expect(await bench.log()).toEqual(['pay it', 'Paid.'])
  const ended = await bench.kit.events(bench.roomId, { types: ['toolCallEnded'] })
  expect(ended.map(({ content }) => content.type === 'toolCall' && content.name)).toEqual(['look', 'pay'])
})

test('PG-3 a call that waited is never run where the message does not come', async () => {
  const pay = tool('pay')
  const ask = tool('ask', { effect: 'pure', confirm: true })
  const bench = await open([calls('pay')], [pay.tool])
  const begun = await bench.foresee('pay it')
  begun?.withdraw('text')
  await bench.clock.advance(60_000)
  expect(pay.runs).toEqual([])
  expect((await bench.kit.receipts(bench.roomId)).filter(({ kind }) => kind === 'tool')).toEqual([])
  const other = await open([calls('ask')], [ask.tool])
  const asked: string[] = []
  other.kit.observe('onUserInputRequired', ({ request }) => void asked.push(request.kind))
  await other.foresee('ask it')
  expect(asked).toEqual([])
})

test('PG-3 a tool that ran early is told whether the message came', async () => {
  for (const comes of [true, false]) {
    const told: string[] = []
    const onSpeculation = { commit: () => void told.push('commit'), abort: () => void told.push('abort') }
    const look = tool('look', { effect: 'pure', onSpeculation })
    const bench = await open([calls('look'), 'Done.'], [look.tool])
    const begun = await bench.foresee('look')
    expect(told).toEqual([])
    await begun?.offer()
    if (comes) await bench.say('look')
    begun?.withdraw('text')
    await bench.clock.advance(0)
    expect(told).toEqual([comes ? 'commit' : 'abort'])
  }
})

test('PG-4 nothing is begun while the agent is at work, with a person, muted, or on a model with a memory of its own', async () => {
  const busy = await open([() => new Promise<string>(() => {})])
  void busy.kit.processInbound(line('phone', 'ada', 'hello'), { roomId: busy.roomId })
  await busy.clock.advance(100)
  expect(await busy.foresee('hi')).toBeUndefined()
  const stateful = await open(['x'], [], { stateful: true })
  expect(await stateful.foresee('hi')).toBeUndefined()
  const muted = await open(['x'])
  await muted.kit.mute(muted.roomId, 'riley')
  expect(await muted.foresee('hi')).toBeUndefined()
  expect(muted.model.requests).toEqual([])
})

test('PG-2 text that a hook may still block is shown to no model before', async () => {
  const bench = await open(['Foreseen.'])
  bench.kit.hook('beforeBroadcast', () => {}, { sourceKinds: ['person'] })
  expect(await bench.foresee('my number is 4111')).toBeUndefined()
  expect(bench.model.requests).toEqual([])
})

test('PG-2 a turn that fails before its message is forgotten, and the message is answered as usual', async () => {
  const bench = await open([new Error('down'), 'Asked.'])
  const begun = await bench.foresee('hi')
  expect(bench.errors).toEqual([])
  await begun?.offer()
  await bench.say('hi')
  expect(await bench.log()).toEqual(['hi', 'Asked.'])
  expect(await begun?.done).toMatchObject({ isAdopted: false, reason: 'failed' })
})

test('PG-2 an adopted turn may be cut off like any other: what it used is in its receipt', async () => {
  let clock: VirtualClock | undefined
  const bench = await open(
    [
      { toolCalls: [{ name: 'look', arguments: {} }] },
      async () => {
        await clock?.sleep(3_000)
        return 'Never said.'
      },
    ],
    [tool('look', { effect: 'pure' }).tool],
  )
  ;({ clock } = bench)
  const begun = await bench.foresee('hi')
  await begun?.offer()
  void bench.kit.processInbound(line('phone', 'ada', 'hi'), { roomId: bench.roomId })
  await bench.clock.advance(500)
  callAccessOf(bench.kit).interruptTurn(begun?.turnId ?? '')
  await bench.clock.advance(5_000)
  const [receipt] = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
  expect(receipt?.data).toMatchObject({ end: 'aborted', usage: { inputTokens: expect.any(Number) } })
  expect(await bench.log()).toEqual(['hi'])
  expect(await begun?.done).toMatchObject({ isAdopted: true })
})

test('PG-4 a kit that closes ends what was begun', async () => {
  const bench = await open([() => new Promise<string>(() => {})])
  const begun = await bench.foresee('hi')
  await Promise.all([bench.kit.close(), bench.clock.advance(60_000)])
  expect(await begun?.done).toMatchObject({ isAdopted: false, reason: 'closed' })
})
