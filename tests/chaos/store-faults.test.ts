import { createMemoryStore } from '@parley/kit'
import { ParleyError } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endOf, openKit, recordingTransport, says, scriptedAgent, textsOf } from './chaos-bench.ts'
import { faultyStore, storeMethods } from './faulty-store.ts'

type Bench = Awaited<ReturnType<typeof startRoom>>
type Call = (bench: Bench) => Promise<unknown>

/** Calls of the kit that go to the store. */
const calls: Record<string, Call> = {
  createRoom: ({ kit }) => kit.createRoom({ id: 'other', channels: ['web', 'bot'] }),
  getRoom: ({ kit }) => kit.getRoom('room'),
  closeRoom: ({ kit }) => kit.closeRoom('room'),
  pauseRoom: ({ kit }) => kit.pauseRoom('room'),
  patchRoom: ({ kit }) => kit.patchRoom('room', { metadata: { set: { a: 1 } } }),
  attach: ({ kit }) => kit.attach('room', 'loose'),
  detach: ({ kit }) => kit.detach('room', 'web'),
  mute: ({ kit }) => kit.mute('room', 'web'),
  bindings: ({ kit }) => kit.bindings('room'),
  addMember: ({ kit }) => kit.addMember('room', { id: 'eve' }),
  removeMember: ({ kit }) => kit.removeMember('room', 'ada'),
  renameMember: ({ kit }) => kit.renameMember('room', 'ada', 'Ada L.'),
  members: ({ kit }) => kit.members('room'),
  send: ({ kit }) => kit.send('room', { from: 'ada', text: 'hello', idempotencyKey: 'k' }),
  sendEvent: ({ kit }) => kit.sendEvent('room', 'web', { content: { type: 'text', text: 'hello' } }),
  processInbound: ({ kit }) =>
    kit.processInbound(
      { channelId: 'web', senderId: 'ada', content: { type: 'text', text: 'hello' }, providerMessageId: 'p1' },
      { roomId: 'room' },
    ),
  processInboundRouted: ({ kit }) =>
    kit.processInbound({ channelId: 'web', senderId: 'ada', content: { type: 'text', text: 'hello' } }),
  deliver: ({ kit }) => kit.deliver('room', 'news'),
  edit: ({ kit, firstEventId }) =>
    kit.send('room', {
      from: 'ada',
      type: 'edit',
      content: { type: 'edit', targetEventId: firstEventId, content: { type: 'text', text: 'edited' } },
    }),
  regenerate: ({ kit }) => kit.regenerate('room'),
  redactEvent: ({ kit, firstEventId }) => kit.redactEvent('room', firstEventId, { by: 'desk', reason: 'wish' }),
  events: ({ kit }) => kit.events('room'),
  receipts: ({ kit }) => kit.receipts('room'),
  tasks: ({ kit }) => kit.tasks('room'),
  markRead: ({ kit }) => kit.markRead('room', 'ada', 0),
  updateState: ({ kit }) => kit.updateState('room', (state) => state.with({ context: { a: 1 } })),
  handoff: ({ kit }) =>
    kit.handoff('room', { target: 'bot', reason: 'wish', summary: 'a summary' }, { by: { kind: 'code', id: 'test' } }),
  schedule: ({ kit }) => kit.schedule('room', { key: 'later', inMs: 1_000 }),
  pendingRequests: ({ kit }) => kit.pendingRequests({ roomId: 'room' }),
  humanQueue: ({ kit }) => kit.humanQueue(),
}

async function startRoom(now?: number) {
  const clock = createVirtualClock(now === undefined ? {} : { now })
  const faults = faultyStore(createMemoryStore({ clock }))
  const web = recordingTransport('web')
  const bench = openKit({ clock, store: faults.store }, [
    web,
    recordingTransport('loose'),
    scriptedAgent('bot', says('an answer')),
  ])
  await bench.kit.createRoom({ id: 'room', channels: ['web', 'bot'], metadata: { made: true } })
  const first = await bench.kit.send('room', { from: 'ada', text: 'first' }, { wait: 'settled' })
  await clock.advance(10)
  if (first.outcome !== 'committed') throw new Error('the first line is committed')
  return { ...bench, web, faults, firstEventId: first.event.id }
}

/** Whatever the log is, it must be whole. */
async function expectWhole({ kit }: Bench): Promise<void> {
  const events = await kit.events('room', { limit: 1_000 })
  expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
  const { latestIndex, eventCount } = await kit.getRoom('room')
  expect({ latestIndex, eventCount }).toEqual({ latestIndex: events.length - 1, eventCount: events.length })
  expect(events[0]?.type === 'message' || events[0]?.type === 'channelAttached').toBe(true)
}

const stored = async ({ kit }: Bench): Promise<string> =>
  JSON.stringify([
    await kit.events('room', { limit: 1_000 }),
    await kit.getRoom('room'),
    await kit.bindings('room'),
    await kit.members('room'),
  ])

describe.each(['before', 'after'] as const)('a store that fails %s it did what was asked', (when) => {
  test.each(Object.keys(calls))(
    'ST-5 ER-3 kit.%s with each method of the store failing in turn: store_unavailable or a value, nothing half done, the next call works',
    async (name) => {
      const call = calls[name] ?? (() => Promise.resolve())
      for (const method of storeMethods) {
        const bench = await startRoom()
        const before = await stored(bench)
        bench.faults.fail(method, { when })
        const ended = await endOf(bench.clock, call(bench))
        const where = `${name} while ${method} fails`
        expect(ended, where).not.toBe('hangs')
        const failed = bench.faults.failures
        bench.faults.heal()
        if (ended !== 'hangs' && 'thrown' in ended) {
          if (!ParleyError.isInstance(ended.thrown)) throw new Error(`${where}: foreign error ${String(ended.thrown)}`)
          // A method that is not used leaves the call what it is; some calls are refused for their own reasons.
          if (failed > 0) expect(ended.thrown, where).toMatchObject({ code: 'store_unavailable', retryable: true })
          expect(JSON.stringify(ended.thrown), where).not.toContain('ECONNREFUSED')
          if (when === 'before') expect(await stored(bench), where).toBe(before)
        }
        await expectWhole(bench)
        if ((await bench.kit.getRoom('room')).status !== 'closed') {
          const next = await endOf(bench.clock, bench.kit.send('room', { from: 'ada', text: 'still here' }))
          expect(next, where).toMatchObject({ value: { outcome: 'committed' } })
          await bench.clock.advance(60_000)
          expect(textsOf(await bench.kit.events('room')), where).toContain('still here')
        }
        await bench.kit.close().catch(() => {})
      }
    },
    60_000,
  )
})

test.each(['before it speaks', 'in the middle of its words', 'during its tool'])(
  'ST-5 ER-2 a store that is away while an agent works, from %s: nothing hangs, nobody goes unheard, and the room works once it is back',
  async (when) => {
    const unheard: unknown[] = []
    const listen = (reason: unknown): void => void unheard.push(reason)
    process.on('unhandledRejection', listen)
    onTestFinished(() => void process.off('unhandledRejection', listen))
    const clock = createVirtualClock()
    const faults = faultyStore(createMemoryStore({ clock }))
    const goAway = (): void => {
      for (const method of storeMethods) faults.fail(method, { times: Number.POSITIVE_INFINITY })
    }
    let isFirst = true
    const bot = scriptedAgent('bot', async function* () {
      const goesAway = isFirst
      isFirst = false
      if (goesAway && when === 'before it speaks') goAway()
      yield { type: 'textDelta', text: 'one moment ' }
      if (goesAway && when === 'in the middle of its words') goAway()
      yield { type: 'toolCallStarted', call: { callId: 'c', name: 'look_up', arguments: {} } }
      if (goesAway && when === 'during its tool') goAway()
      yield { type: 'toolCallEnded', call: { callId: 'c', name: 'look_up', arguments: {}, result: {} } }
      yield { type: 'textDelta', text: 'done' }
    })
    const web = recordingTransport('web')
    const { kit, errors } = openKit({ clock, store: faults.store }, [web, bot])
    await kit.createRoom({ id: 'room', channels: ['web', 'bot'] })
    const ended = await endOf(clock, kit.send('room', { from: 'ada', text: 'hello' }, { wait: 'settled' }), 600_000)
    expect(ended).toMatchObject({ value: { outcome: 'committed' } })
    expect(await endOf(clock, kit.settled('room', { timeoutMs: 1_000 }))).toEqual({ value: { timedOut: false } })
    expect(errors.length).toBeGreaterThan(0)
    expect(new Set(errors.map(({ error }) => error.code))).toEqual(new Set(['store_unavailable']))
    expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'anybody?' }))).toMatchObject({
      thrown: { code: 'store_unavailable' },
    })
    faults.heal()
    await clock.advance(120_000)
    expect(await endOf(clock, kit.send('room', { from: 'ada', text: 'back' }, { wait: 'settled' }))).toMatchObject({
      value: { outcome: 'committed' },
    })
    const events = await kit.events('room', { limit: 1_000 })
    expect(events.map(({ index }) => index)).toEqual(events.map((_event, index) => index))
    expect(textsOf(events)).toContain('done')
    expect(textsOf(events)).not.toContain('anybody?')
    expect(new Set(web.said()).has('back')).toBe(true)
    expect(new Set(web.deliveries.map(({ deliveryId }) => deliveryId)).size).toBe(web.deliveries.length)
    expect((await kit.getRoom('room')).deliveredIndex).toBe(events.length - 1)
    expect(unheard).toEqual([])
  },
)
