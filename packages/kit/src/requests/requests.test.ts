import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineTool, type ConversationStore, type RoomEvent } from '@parley/spec'
import { createSeededIds, createVirtualClock, scriptedModel } from '@parley/testing'
import { Agent } from '../agent/agent.ts'
import { Kit } from '../kit.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { openRoom, textOf } from '../turns/__fixtures__/room-bench.ts'

const desk = { kind: 'person', id: 'dana' } as const

/** A tool that pays, after a colleague's or the person's yes. */
function payTool(also: { approval?: boolean; confirm?: boolean; sensitive?: boolean } = { approval: true }) {
  const ran: { cents: number; key: string }[] = []
  const tool = defineTool({
    name: 'pay',
    description: 'Pays an amount back',
    input: z.object({ cents: z.int().positive() }),
    run({ cents }, { idempotencyKey }) {
      ran.push({ cents, key: idempotencyKey })
      return { paid: cents }
    },
    ...also,
  })
  return { tool, ran }
}

const call = { toolCalls: [{ name: 'pay', arguments: { cents: 7_900 } }] }

/** What of a log concerns a request, and what agents said. */
function story(events: RoomEvent[]): string[] {
  return events
    .filter(({ type }) => !type.startsWith('toolCall'))
    .map(({ type, source, content }) => {
      if (type === 'message') return `${source.participantId ?? source.channelId}: ${textOf(content)}`
      return content.type === 'system' ? content.code : type
    })
}

describe('approval', () => {
  test('RQ-1 RQ-7 a request is opened and closed in the log, the turn goes on, and its outcome opens another', async () => {
    const { tool, ran } = payTool()
    const model = scriptedModel([call, 'A colleague decides.', 'It is approved.'])
    await using bench = await openRoom([new Agent('billing', { model, tools: [tool] })])
    const required: string[] = []
    bench.kit.hook('onUserInputRequired', ({ request }) => void required.push(request.kind))
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay me back' }, { wait: 'settled' })
    const [request] = await bench.kit.pendingRequests({ kind: 'approval' })
    expect(request).toMatchObject({
      tool: 'pay',
      arguments: { cents: 7_900 },
      mode: 'detach',
      agentId: 'billing',
      participantId: 'ada',
      status: 'open',
    })
    expect([required, ran]).toEqual([['approval'], []])

    const answer = await bench.kit.answerRequest(request?.id ?? '', { decision: 'approve', by: desk, reason: 'fair' })
    expect(answer).toMatchObject({ outcome: 'accepted', request: { status: 'approved', decidedBy: desk } })
    await bench.kit.settled(bench.roomId)
    expect(ran.map(({ cents }) => cents)).toEqual([7_900])
    const events = await bench.kit.events(bench.roomId)
    expect(story(events)).toEqual([
      'ada: pay me back',
      'request_opened',
      'billing: A colleague decides.',
      'request_closed',
      'request_outcome',
      'billing: It is approved.',
    ])
    const opened = events.find(({ type }) => type === 'requestOpened')
    const closed = events.find(({ type }) => type === 'requestClosed')
    const outcome = events.find(({ content }) => content.type === 'system' && content.code === 'request_outcome')
    expect([opened?.visibility, closed?.visibility, outcome?.visibility]).toEqual(['internal', 'internal', 'internal'])
    expect(outcome?.causeId).toBe(closed?.id)
    const [receipt] = await bench.kit.receipts(bench.roomId, { kind: 'request' })
    expect(receipt?.data).toMatchObject({ status: 'approved', by: desk, reason: 'fair' })
    expect(bench.errors).toEqual([])
  })

  test('RQ-2 a value replaces the arguments; one that does not fit leaves the request open', async () => {
    const { tool, ran } = payTool()
    await using bench = await openRoom([
      new Agent('billing', { model: scriptedModel([call, 'Wait.', 'Done.']), tools: [tool] }),
    ])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [request] = await bench.kit.pendingRequests()
    const id = request?.id ?? ''
    expect(await bench.kit.answerRequest(id, { decision: 'approve', by: desk, value: { cents: -1 } })).toMatchObject({
      outcome: 'value_invalid',
      violations: [{ path: 'cents' }],
    })
    await expect(bench.kit.answerRequest(id, { decision: 'answer', by: desk })).rejects.toMatchObject({
      code: 'invalid_options',
    })
    await expect(bench.kit.answerRequest('req_none', { decision: 'approve', by: desk })).rejects.toMatchObject({
      code: 'request_not_found',
    })
    expect((await bench.kit.pendingRequests()).length).toBe(1)
    await bench.kit.answerRequest(id, { decision: 'approve', by: desk, value: { cents: 2_500 } })
    await bench.kit.settled(bench.roomId)
    expect(ran.map(({ cents }) => cents)).toEqual([2_500])
  })

  test('RQ-3 of many answers exactly one is accepted, the others learn who decided, and the tool runs once', async () => {
    const { tool, ran } = payTool()
    await using bench = await openRoom([
      new Agent('billing', { model: scriptedModel([call, 'Wait.', 'Done.']), tools: [tool] }),
    ])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [request] = await bench.kit.pendingRequests()
    const people = ['dana', 'kim', 'lou', 'max']
    const answers = await Promise.all(
      people.map((id) =>
        bench.kit.answerRequest(request?.id ?? '', { decision: 'approve', by: { kind: 'person', id } }),
      ),
    )
    await bench.kit.settled(bench.roomId)
    expect(answers.filter(({ outcome }) => outcome === 'accepted').length).toBe(1)
    const others = answers.filter(({ outcome }) => outcome !== 'accepted')
    const winner = people[answers.findIndex(({ outcome }) => outcome === 'accepted')]
    expect(others).toEqual(
      Array.from({ length: 3 }, () => ({ outcome: 'already_decided', by: { kind: 'person', id: winner } })),
    )
    expect(ran.length).toBe(1)
    expect(new Set(ran.map(({ key }) => key)).size).toBe(1)
  })

  test('RQ-4 an approval is never decided by an agent or by the person whose request it is', async () => {
    const { tool } = payTool()
    await using bench = await openRoom([new Agent('billing', { model: scriptedModel([call, 'Wait.']), tools: [tool] })])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [request] = await bench.kit.pendingRequests()
    for (const by of [
      { kind: 'agent', id: 'billing' },
      { kind: 'person', id: 'ada' },
    ] as const) {
      await expect(bench.kit.answerRequest(request?.id ?? '', { decision: 'approve', by })).rejects.toMatchObject({
        code: 'invalid_options',
        details: { path: 'by' },
      })
    }
    expect((await bench.kit.pendingRequests()).length).toBe(1)
  })

  test('RQ-9 an approval that nobody answers expires, and the closing of the room cancels what is open', async () => {
    const { tool, ran } = payTool()
    await using bench = await openRoom([
      new Agent('billing', {
        model: scriptedModel([call, 'Wait.', 'Nobody was there.', call, 'Wait.']),
        tools: [tool],
      }),
    ])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [first] = await bench.kit.pendingRequests()
    await bench.clock.advance(600_000)
    await bench.kit.settled(bench.roomId)
    expect((await bench.lines()).at(-1)).toBe('billing: Nobody was there.')
    expect(await bench.kit.answerRequest(first?.id ?? '', { decision: 'approve', by: desk })).toEqual({
      outcome: 'expired',
    })

    await bench.kit.send(bench.roomId, { from: 'ada', text: 'again' }, { wait: 'settled' })
    const [second] = await bench.kit.pendingRequests()
    await bench.kit.closeRoom(bench.roomId)
    const tail = (await bench.kit.events(bench.roomId)).slice(-2).map(({ type }) => type)
    expect(tail).toEqual(['requestClosed', 'roomClosed'])
    expect(await bench.kit.answerRequest(second?.id ?? '', { decision: 'approve', by: desk })).toEqual({
      outcome: 'cancelled',
    })
    expect(ran).toEqual([])
  })

  test('RQ-10 a request survives the process: the next one runs the tool under the same key when the answer comes', async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStore({ clock })
    const store: ConversationStore = { ...memory, isProcessLocal: false, close: async () => {} }
    const { tool, ran } = payTool()
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register(new Agent('billing', { model: scriptedModel([call, 'Wait.']), tools: [tool] }))
    const room = await first.createRoom({ id: 'r', channels: ['billing'] })
    await first.send(room.id, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [request] = await first.pendingRequests()

    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    second.register(new Agent('billing', { model: scriptedModel(['Paid back.']), tools: [tool] }))
    await second.ready()
    expect(await second.answerRequest(request?.id ?? '', { decision: 'approve', by: desk })).toMatchObject({
      outcome: 'accepted',
    })
    await second.settled(room.id)
    expect(ran).toEqual([{ cents: 7_900, key: request?.idempotencyKey }])
    expect(story(await second.events(room.id)).at(-1)).toBe('billing: Paid back.')
    await second.close()
  })

  test('RQ-10 after a restart a request still expires in time, and a sensitive one is cancelled', async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStore({ clock })
    const store: ConversationStore = { ...memory, isProcessLocal: false, close: async () => {} }
    const { tool } = payTool()
    const secret = payTool({ approval: true, sensitive: true })
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register(new Agent('billing', { model: scriptedModel([call, 'Wait.']), tools: [tool] }))
    first.register(new Agent('vault', { model: scriptedModel([call, 'Wait.']), tools: [secret.tool] }))
    for (const agentId of ['billing', 'vault']) {
      const room = await first.createRoom({ id: agentId, channels: [agentId] })
      await first.send(room.id, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    }
    const stored = await first.pendingRequests()
    expect(JSON.stringify(stored.find(({ agentId }) => agentId === 'vault'))).not.toContain('7900')
    await first.close()
    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    second.register(new Agent('billing', { model: scriptedModel(['Expired.']), tools: [tool] }))
    await second.ready()
    await second.settled('vault')
    expect((await second.pendingRequests()).map(({ agentId }) => agentId)).toEqual(['billing'])
    await clock.advance(600_000)
    await second.settled('billing')
    expect(story(await second.events('billing')).at(-1)).toBe('billing: Expired.')
    await second.close()
  })

  test('RQ-10 a refusal after a restart is told as it is told without one', async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStore({ clock })
    const store: ConversationStore = { ...memory, isProcessLocal: false, close: async () => {} }
    const { tool, ran } = payTool()
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register(new Agent('billing', { model: scriptedModel([call, 'Wait.']), tools: [tool] }))
    const room = await first.createRoom({ id: 'r', channels: ['billing'] })
    await first.send(room.id, { from: 'ada', text: 'pay' }, { wait: 'settled' })
    const [request] = await first.pendingRequests()
    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    second.register(new Agent('billing', { model: scriptedModel(['Refused.']), tools: [tool] }))
    await second.ready()
    await second.answerRequest(request?.id ?? '', { decision: 'reject', by: desk, reason: 'too much' })
    await second.settled(room.id)
    const outcome = (await second.events(room.id)).find(
      ({ content }) => content.type === 'system' && content.code === 'request_outcome',
    )
    expect(outcome?.content).toMatchObject({ data: { result: { status: 'rejected', reason: 'too much' } } })
    expect(ran).toEqual([])
    await second.close()
  })
})

describe('confirm and input', () => {
  test('RQ-4 the next yes of the person closes it and asks no agent; the request is theirs to see', async () => {
    const { tool, ran } = payTool({ confirm: true })
    const model = scriptedModel([call, 'Done.'])
    await using bench = await openRoom([new Agent('billing', { model, tools: [tool] })])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' })
    await bench.clock.advance(0)
    const [request] = await bench.kit.pendingRequests()
    expect(request).toMatchObject({ kind: 'confirm', mode: 'suspend' })
    const yes = await bench.kit.send(bench.roomId, { from: 'ada', text: 'Yes, please.' })
    await bench.kit.settled(bench.roomId)
    expect(yes).toMatchObject({ event: { routing: { target: null, reason: 'request' } } })
    expect(ran.map(({ cents }) => cents)).toEqual([7_900])
    expect(model.requests.length).toBe(2)
    const opened = (await bench.kit.events(bench.roomId)).find(({ type }) => type === 'requestOpened')
    expect(opened?.visibility).toBe('all')
  })

  test('RQ-4 no refuses, anything else is an ordinary message that waits for its turn', async () => {
    const { tool, ran } = payTool({ confirm: true })
    const model = scriptedModel([call, 'As you like.', 'It is a refund.'])
    await using bench = await openRoom([new Agent('billing', { model, tools: [tool] })])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' })
    await bench.clock.advance(0)
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'what is that exactly?' })
    expect((await bench.kit.pendingRequests()).length).toBe(1)
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'no' })
    await bench.kit.settled(bench.roomId)
    expect(ran).toEqual([])
    expect(await bench.lines()).toEqual([
      'ada: pay',
      'ada: what is that exactly?',
      'ada: no',
      'billing: As you like.',
      'billing: It is a refund.',
    ])
  })

  test('RQ-9 the end of the turn cancels what it waited for', async () => {
    const { tool, ran } = payTool({ confirm: true })
    await using bench = await openRoom([new Agent('billing', { model: scriptedModel([call]), tools: [tool] })])
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'pay' })
    await bench.clock.advance(0)
    const [request] = await bench.kit.pendingRequests()
    bench.kit.steer(bench.kit.runningTurns(bench.roomId)[0]?.turnId ?? '', { type: 'cancel', reason: 'enough' })
    await bench.kit.settled(bench.roomId)
    expect(await bench.kit.pendingRequests()).toEqual([])
    expect(await bench.kit.answerRequest(request?.id ?? '', { decision: 'approve', by: desk })).toEqual({
      outcome: 'cancelled',
    })
    expect(ran).toEqual([])
  })
})
