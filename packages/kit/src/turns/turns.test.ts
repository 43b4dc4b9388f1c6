import { describe, expect, test } from 'vitest'
import { ParleyError } from '@parley/spec'
import { turnServices } from '../core/turn-services.ts'
import { agentOf, gate, openRoom, recorder, sayingAgent, textOf } from './__fixtures__/room-bench.ts'

describe('turns', () => {
  test('TU-1 an agent takes one turn at a time, in order of triggers; others run beside it', async () => {
    const first = gate()
    const order: string[] = []
    const slow = agentOf('slow', async function* ({ event }) {
      order.push(`slow begins ${event.index}`)
      if (event.index === 0) await first.opened
      order.push(`slow ends ${event.index}`)
      yield { type: 'textDelta', text: `slow ${event.index}` }
    })
    const quick = agentOf('quick', async function* ({ event }) {
      order.push(`quick ${event.index}`)
      yield { type: 'end', reason: 'empty' }
    })
    await using bench = await openRoom([slow, quick], { agentResponsePolicy: 'addressedOnly' })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    await bench.clock.advance(0)
    expect(order).toEqual(['slow begins 0', 'quick 0', 'quick 1'])
    first.open()
    await bench.kit.settled(bench.roomId)
    expect(order).toEqual(['slow begins 0', 'quick 0', 'quick 1', 'slow ends 0', 'slow begins 1', 'slow ends 1'])
  })

  test('TU-1 merge answers waiting triggers with one turn', async () => {
    const first = gate()
    const seen: number[][] = []
    const merging = agentOf(
      'merging',
      async function* ({ event }) {
        seen.push([event.index])
        if (event.index === 0) await first.opened
        yield { type: 'textDelta', text: `up to ${event.index}` }
      },
      { whileBusy: 'merge' },
    )
    await using bench = await openRoom([merging])
    for (const text of ['one', 'two', 'three']) await bench.kit.send(bench.roomId, { from: 'ada', text })
    first.open()
    await bench.kit.settled(bench.roomId)
    expect(await bench.lines()).toEqual(['ada: one', 'ada: two', 'ada: three', 'merging: up to 0', 'merging: up to 2'])
    const [, last] = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(last?.data).toMatchObject({ triggerIndexes: [1, 2] })
  })

  test('TU-1 restart aborts the running turn and answers both triggers in one', async () => {
    const never = gate()
    const restarting = agentOf(
      'restarting',
      async function* ({ event }) {
        yield { type: 'textDelta', text: `thinking about ${event.index}` }
        if (event.index === 0) await never.opened
        yield { type: 'end', reason: 'completed' }
      },
      { whileBusy: 'restart' },
    )
    await using bench = await openRoom([restarting])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.clock.advance(0)
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    await bench.kit.settled(bench.roomId)
    const events = await bench.kit.events(bench.roomId, { types: ['message'] })
    expect(events.map(({ content }) => content)).toEqual([
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
      { type: 'text', text: 'thinking about 0', interrupted: true },
      { type: 'text', text: 'thinking about 1' },
    ])
    const receipts = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(receipts.map(({ data }) => data)).toMatchObject([
      { end: 'aborted', triggerIndexes: [0] },
      { end: 'completed', triggerIndexes: [0, 1] },
    ])
    expect(bench.errors).toEqual([])
  })

  test('TU-2 what is committed after the trigger is not seen by its turn', async () => {
    const held = gate()
    const seen: string[][] = []
    const reading = agentOf('reading', async function* (context) {
      if (context.event.index === 0) await held.opened
      const history = (await turnServices(context)?.history(50)) ?? []
      seen.push(history.map(({ content }) => textOf(content)))
      yield { type: 'end', reason: 'empty' }
    })
    await using bench = await openRoom([reading])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    held.open()
    await bench.kit.settled(bench.roomId)
    expect(seen).toEqual([['one'], ['one', 'two']])
  })

  test('TU-4 every turn ends in exactly one receipt that says how', async () => {
    const ends = ['completed', 'empty', 'failed', 'budgetExceeded', 'handedOff'] as const
    const agent = agentOf('agent', async function* ({ event }) {
      const reason = ends[event.index % ends.length] ?? 'completed'
      yield { type: 'end', reason, data: { steps: 2, usage: { inputTokens: 3, outputTokens: 4 }, costNanoUsd: 5 } }
    })
    await using bench = await openRoom([agent])
    for (const end of ends) await bench.kit.send(bench.roomId, { from: 'ada', text: end }, { wait: 'settled' })
    const receipts = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(receipts.map(({ data }) => data)).toMatchObject(
      ends.map((end, index) => ({
        end,
        triggerIndexes: [index],
        agentId: 'agent',
        steps: 2,
        costNanoUsd: 5,
        usage: { outputTokens: 4 },
        latency: { totalMs: 0 },
      })),
    )
    expect(new Set(receipts.map(({ turnId }) => turnId)).size).toBe(ends.length)
  })

  test('TU-4 a turn that hangs ends as timeout, one that throws as failed', async () => {
    const agent = agentOf('agent', async function* ({ event }) {
      if (event.index === 0) await new Promise(() => {})
      yield { type: 'textDelta', text: 'Let me' }
      throw new Error('a secret of the vendor')
    })
    await using bench = await openRoom([agent])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    await bench.clock.advance(300_000)
    await bench.kit.settled(bench.roomId)
    const receipts = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(receipts.map(({ data }) => data)).toMatchObject([{ end: 'timeout' }, { end: 'failed' }])
    expect(JSON.stringify([receipts, bench.errors])).not.toContain('a secret of the vendor')
    expect(await bench.lines()).toEqual(['ada: one', 'ada: two', 'agent: Let me'])
  })
})

describe('streamed output', () => {
  const watcher = () =>
    recorder('web', {
      capabilities: { live: 'deltas', eventTypes: ['toolCallStarted', 'toolCallEnded'], content: ['text', 'toolCall'] },
    })

  test('SO-1 deltas go live under the segment that replaces them; others get the segment whole', async () => {
    const agent = agentOf('agent', async function* () {
      yield { type: 'textDelta', text: 'Hello ' }
      yield { type: 'textDelta', text: 'Ada.' }
      yield { type: 'end', reason: 'completed' }
    })
    const sms = recorder('sms')
    await using bench = await openRoom([agent, watcher(), sms])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' }, { wait: 'settled' })
    const reply = (await bench.kit.events(bench.roomId)).at(-1)
    const deltas = bench.ephemerals.filter(({ type }) => type === 'outputDelta')
    expect(deltas.map(({ data }) => data)).toEqual([
      { turnId: reply?.turnId, segmentId: reply?.segmentId, seq: 1, text: 'Hello ' },
      { turnId: reply?.turnId, segmentId: reply?.segmentId, seq: 2, text: 'Ada.' },
    ])
    expect(sms.texts()).toEqual(['hi', 'Hello Ada.'])
  })

  test('SO-1 HK-8 nothing is shown live that a hook may still change; people see typing meanwhile', async () => {
    const agent = sayingAgent('agent', () => 'card 4242')
    await using bench = await openRoom([agent, watcher()])
    bench.kit.hook('beforeBroadcast', ({ event }) => ({
      action: 'modify',
      subject: { ...event, content: { type: 'text', text: 'card [card]' } },
    }))
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' }, { wait: 'settled' })
    expect(bench.ephemerals.filter(({ type }) => type === 'outputDelta')).toEqual([])
    expect(bench.ephemerals.map(({ type, from }) => `${from} ${type}`)).toEqual([
      'agent typingStarted',
      'agent typingStopped',
    ])
    expect(JSON.stringify(bench.ephemerals)).not.toContain('4242')
  })

  test('SO-3 segments and tool events are committed in the order they came', async () => {
    const agent = agentOf('agent', async function* () {
      yield { type: 'textDelta', text: 'One moment.' }
      yield { type: 'toolCallStarted', call: { callId: 'c1', name: 'look', arguments: {} } }
      yield { type: 'toolCallEnded', call: { callId: 'c1', name: 'look', arguments: {}, result: 1 } }
      yield { type: 'textDelta', text: 'It is 1.' }
      yield { type: 'end', reason: 'completed' }
    })
    await using bench = await openRoom([agent, watcher()])
    const seen: string[] = []
    bench.kit.hook('beforeBroadcast', ({ event }) => void seen.push(event.type), {
      sourceKinds: ['agent'],
      live: 'pass',
    })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' }, { wait: 'settled' })
    const events = (await bench.kit.events(bench.roomId)).slice(1)
    expect(events.map(({ type, content }) => (content.type === 'text' ? content.text : type))).toEqual([
      'One moment.',
      'toolCallStarted',
      'toolCallEnded',
      'It is 1.',
    ])
    expect(seen).toEqual(['message', 'toolCallStarted', 'toolCallEnded', 'message'])
    expect(new Set(events.map(({ correlationId }) => correlationId)).size).toBe(1)
    expect(events[0]?.segmentId).not.toBe(events[3]?.segmentId)
  })

  test('SO-4 aborted text is committed as interrupted and is no error; failed text is committed and reported', async () => {
    const never = gate()
    const agent = agentOf('agent', async function* ({ event }) {
      yield { type: 'textDelta', text: 'So far' }
      if (event.index === 0) await never.opened
      throw new ParleyError({ code: 'model_unavailable', message: 'The model is down.' })
    })
    await using bench = await openRoom([agent])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.clock.advance(0)
    const running = bench.kit.runningTurns(bench.roomId)
    bench.kit.steer(running[0]?.turnId ?? '', { type: 'cancel', reason: 'enough' })
    await bench.kit.settled(bench.roomId)
    expect((await bench.kit.events(bench.roomId)).at(-1)?.content).toEqual({
      type: 'text',
      text: 'So far',
      interrupted: true,
    })
    expect(bench.errors).toEqual([])

    const sent = await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    const cascade = sent.outcome === 'committed' ? await sent.settled() : undefined
    expect(cascade?.replies.map(({ content }) => textOf(content))).toEqual(['So far'])
    expect(cascade?.errors.map(({ code }) => code)).toEqual(['model_unavailable'])
    expect(bench.errors.map(({ error }) => error.code)).toEqual(['model_unavailable'])
  })

  test('SO-5 streaming needs no waiting caller, and nobody is asked whose words would be thrown away', async () => {
    const agent = sayingAgent('agent', () => 'yes')
    const muted = sayingAgent('muted', () => 'never')
    await using bench = await openRoom([agent, muted, watcher()], { agentResponsePolicy: 'addressedOnly' })
    await bench.kit.mute(bench.roomId, 'muted')
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'hi' })
    await bench.kit.settled(bench.roomId)
    expect(await bench.lines()).toEqual(['ada: hi', 'agent: yes'])
    const receipts = await bench.kit.receipts(bench.roomId, { kind: 'turn' })
    expect(receipts.map(({ data }) => data)).toMatchObject([{ end: 'empty', skipped: 'muted' }, { end: 'completed' }])
  })
})
