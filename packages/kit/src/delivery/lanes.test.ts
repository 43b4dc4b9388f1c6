import { describe, expect, test } from 'vitest'
import type { ConversationStore, Delivery } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { Kit } from '../kit.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { gate, openRoom, recorder, sayingAgent } from '../turns/__fixtures__/room-bench.ts'

/** A store that outlives its kit: what a second process finds. */
function lasting(store: ConversationStore): ConversationStore {
  return { ...store, isProcessLocal: false, close: async () => {} }
}

describe('lanes', () => {
  test('LN-2 LN-3 a hung receiver delays nobody, and no receiver gets N+1 before N', async () => {
    const stuck = gate()
    const slow = recorder('slow', { deliver: async () => (await stuck.opened, { status: 'sent' }) })
    const quick = recorder('quick')
    await using bench = await openRoom([slow, quick])
    for (const text of ['one', 'two', 'three']) await bench.kit.send(bench.roomId, { from: 'ada', text })
    await bench.clock.advance(0)
    expect([slow.texts(), quick.texts()]).toEqual([[], ['one', 'two', 'three']])
    expect((await bench.kit.getRoom(bench.roomId)).deliveredIndex).toBe(-1)
    stuck.open()
    await bench.kit.settled(bench.roomId)
    expect(slow.texts()).toEqual(['one', 'two', 'three'])
    expect((await bench.kit.getRoom(bench.roomId)).deliveredIndex).toBe(2)
  })

  test('LN-4 what a dead process committed and did not deliver is delivered once by the next, under the same id', async () => {
    const clock = createVirtualClock()
    const store = lasting(createMemoryStore({ clock }))
    const died = new Set<string>()
    const dying = recorder('web', { deliver: (delivery) => (died.add(delivery.deliveryId), new Promise(() => {})) })
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register(dying)
    const room = await first.createRoom({ id: 'r', channels: ['web'] })
    await first.send(room.id, { from: 'ada', text: 'one' })
    await first.send(room.id, { from: 'ada', text: 'two' })
    await clock.advance(0)

    const got: Delivery[] = []
    const alive = recorder('web', { deliver: async (delivery) => (got.push(delivery), { status: 'sent' }) })
    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    second.register(alive)
    await second.ready()
    await second.settled(room.id)
    expect(alive.texts()).toEqual(['one', 'two'])
    expect(died.has(got[0]?.deliveryId ?? '')).toBe(true)
    expect((await second.getRoom(room.id)).deliveredIndex).toBe(1)

    // A third start finds nothing left to do.
    const third = new Kit({ clock, store, ids: createSeededIds(3) })
    const idle = recorder('web')
    third.register(idle)
    await third.ready()
    await third.settled(room.id)
    expect(idle.texts()).toEqual([])
    await Promise.all([second.close(), third.close()])
  })

  test('LN-4 a hole is filled before the first event of the next process, in order', async () => {
    const clock = createVirtualClock()
    const memory = createMemoryStore({ clock })
    const dying = recorder('web', { deliver: () => new Promise(() => {}) })
    const first = new Kit({ clock, store: lasting(memory), ids: createSeededIds(1) })
    first.register(dying)
    const room = await first.createRoom({ id: 'r', channels: ['web'] })
    await first.send(room.id, { from: 'ada', text: 'one' })
    await clock.advance(0)
    // This one does not look for what was left at its start; the room itself shows the hole.
    const second = new Kit({ clock, store: { ...memory, close: async () => {} }, ids: createSeededIds(2) })
    const alive = recorder('web')
    second.register(alive)
    await second.send(room.id, { from: 'ada', text: 'two' })
    await second.settled(room.id)
    expect(alive.texts()).toEqual(['one', 'two'])
    await second.close()
  })

  test('LN-5 no claim of a lane is held together with the lock of a room: a delivery may use the room it is for', async () => {
    const reading = recorder('reading')
    const writing = recorder('writing', {
      async deliver() {
        await bench.kit.ensureParticipant(bench.roomId, { id: 'delivered-to' })
        return { status: 'sent' }
      },
    })
    await using bench = await openRoom([reading, writing])
    const sent = await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' }, { wait: 'settled' })
    expect(sent.outcome).toBe('committed')
    expect(await bench.kit.isMember(bench.roomId, 'delivered-to')).toBe(true)
  })

  test('LN-9 after the plan come mutation observers, the report, afterBroadcast and eventProcessed, in this order', async () => {
    const failing = recorder('failing', {
      deliver: async () => ({ status: 'failed', code: 'refused', message: 'no', retryable: false }),
    })
    const fine = recorder('fine', { capabilities: { content: ['text', 'edit'], edits: true } })
    await using bench = await openRoom([failing, fine])
    const order: string[] = []
    bench.kit.on('broadcastPartialFailure', () => void order.push('report'))
    bench.kit.on('eventProcessed', () => void order.push('eventProcessed'))
    bench.kit.hook(
      'afterBroadcast',
      ({ event, deliveries }) =>
        void order.push(`afterBroadcast ${event.index} ${deliveries.map(({ status }) => status).join()}`),
    )
    bench.kit.hook('onEventUpdated', ({ target }) => void order.push(`updated ${target.index}`))
    const sent = await bench.kit.send(bench.roomId, { from: 'ada', text: 'teh' }, { wait: 'settled' })
    const targetEventId = sent.outcome === 'committed' ? sent.event.id : ''
    expect(order).toEqual(['report', 'afterBroadcast 0 failed,sent', 'eventProcessed'])
    order.length = 0
    await bench.kit.send(
      bench.roomId,
      { from: 'ada', type: 'edit', content: { type: 'edit', targetEventId, content: { type: 'text', text: 'the' } } },
      { wait: 'settled' },
    )
    await bench.kit.settled(bench.roomId)
    expect(order).toEqual(['updated 0', 'report', 'afterBroadcast 1 failed,sent', 'eventProcessed'])
  })

  test('LN-2 a full lane makes messages wait, then refuses them with nothing stored', async () => {
    const stuck = gate()
    const slow = recorder('slow', { deliver: async () => (await stuck.opened, { status: 'sent' }) })
    await using bench = await openRoom([slow], { limits: { laneDepth: 2, deliveryTimeoutMs: 600_000 } })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'one' })
    await bench.kit.send(bench.roomId, { from: 'ada', text: 'two' })
    const third = bench.kit.send(bench.roomId, { from: 'ada', text: 'three' })
    await bench.clock.advance(20_000)
    expect(await third).toMatchObject({ outcome: 'blocked', reason: 'room_busy', retryAfterMs: 1_000 })
    expect(await bench.lines()).toEqual(['ada: one', 'ada: two'])
    const fourth = bench.kit.send(bench.roomId, { from: 'ada', text: 'four' })
    stuck.open()
    expect(await fourth).toMatchObject({ outcome: 'committed' })
  })
})

describe('turns of a stopped process', () => {
  test('TU-3 a turn that had done nothing is run again; one that had spoken is closed as interrupted', async () => {
    const clock = createVirtualClock()
    const store = lasting(createMemoryStore({ clock }))
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register({
      channelId: 'bot',
      channelType: 'agent',
      category: 'intelligence',
      capabilities: { content: ['text'] },
      async *takeTurn({ event }) {
        if (event.index === 0) {
          yield { type: 'textDelta', text: 'half of it' }
          yield { type: 'toolCallStarted', call: { callId: 'c', name: 'pay', arguments: {} } }
        }
        await new Promise(() => {})
      },
    })
    const room = await first.createRoom({ id: 'r', channels: ['bot'] })
    const other = await first.createRoom({ id: 'q', channels: ['bot'] })
    await first.send(room.id, { from: 'ada', text: 'one' })
    await clock.advance(0)
    await first.send(other.id, { from: 'ada', content: { type: 'text', text: 'zero' }, addressedTo: [] })
    await first.send(other.id, { from: 'ada', text: 'one' })
    await clock.advance(0)

    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    const errors: string[] = []
    second.hook('onError', ({ error, stage }) => void errors.push(`${stage} ${error.code}`))
    second.register(sayingAgent('bot', ({ event }) => `answer to ${event.index}`))
    await second.ready()
    await second.settled(room.id)
    await second.settled(other.id)
    const [interrupted] = await second.receipts(room.id, { kind: 'turn' })
    expect(interrupted?.data).toMatchObject({ agentId: 'bot', end: 'interrupted', triggerIndexes: [0] })
    expect(errors).toEqual(['recovery model_stream_broken'])
    const said = (await second.events(other.id)).map(
      ({ source, content }) => `${source.kind}: ${content.type === 'text' ? content.text : content.type}`,
    )
    expect(said).toEqual(['person: zero', 'person: one', 'agent: answer to 1'])
    await second.close()
  })

  test('TU-3 older turns than recoverTurnsMs are left alone', async () => {
    const clock = createVirtualClock()
    const store = lasting(createMemoryStore({ clock }))
    const first = new Kit({ clock, store, ids: createSeededIds(1) })
    first.register({
      ...sayingAgent('bot', () => ''),
      async *takeTurn() {
        await new Promise(() => {})
      },
    })
    const room = await first.createRoom({ id: 'r', channels: ['bot'] })
    await first.send(room.id, { from: 'ada', text: 'one' })
    await clock.advance(120_001)
    const second = new Kit({ clock, store, ids: createSeededIds(2) })
    second.register(sayingAgent('bot', () => 'late'))
    await second.ready()
    await second.settled(room.id)
    expect((await second.events(room.id)).length).toBe(1)
    await second.close()
  })
})
