import { createMemoryStore } from '@parley/kit'
import { ParleyError } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
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
  processInbound: ({ kit }) => kit.processInbound({ channelId: 'web', senderId: 'ada', content: { type: 'text', text: 'hello' }, providerMessageId: 'p1' }, { roomId: 'room' }),
  processInboundRouted: ({ kit }) => kit.processInbound({ channelId: 'web', senderId: 'ada', content: { type: 'text', text: 'hello' } }),
  deliver: ({ kit }) => kit.deliver('room', 'news'),
  edit: ({ kit, firstEventId }) => kit.send('room', { from: 'ada', type: 'edit', content: { type: 'edit', targetEventId: firstEventId, content: { type: 'text', text: 'edited' } } }),
  regenerate: ({ kit }) => kit.regenerate('room'),
  redactEvent: ({ kit, firstEventId }) => kit.redactEvent('room', firstEventId, { by: 'desk', reason: 'wish' }),
  events: ({ kit }) => kit.events('room'),
  receipts: ({ kit }) => kit.receipts('room'),
  tasks: ({ kit }) => kit.tasks('room'),
  markRead: ({ kit }) => kit.markRead('room', 'ada', 0),
  updateState: ({ kit }) => kit.updateState('room', (state) => state.with({ context: { a: 1 } })),
  handoff: ({ kit }) => kit.handoff('room', { target: 'bot', reason: 'wish', summary: 'a summary' }, { by: { kind: 'code', id: 'test' } }),
  schedule: ({ kit }) => kit.schedule('room', { key: 'later', inMs: 1_000 }),
  pendingRequests: ({ kit }) => kit.pendingRequests({ roomId: 'room' }),
  humanQueue: ({ kit }) => kit.humanQueue(),
}

async function startRoom(now?: number) {
  const clock = createVirtualClock(now === undefined ? {} : { now })
  const faults = faultyStore(createMemoryStore({ clock }))
  const web = recordingTransport('web')
  const bench = openKit({ clock, store: faults.store }, [web, recordingTransport('loose'), scriptedAgent('bot', says('an answer'))])
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

const stored = async ({ kit }: Bench): Promise<string> => JSON.stringify([await kit.events('room', { limit: 1_000 }), await kit.getRoom('room'), await kit.bindings('room'), await kit.members('room')])

describe.each(['before', 'after'] as const)('a store that fails %s it did what was asked', (when) => {
  test.each(Object.keys(calls))('ST-5 ER-3 kit.%s with each method of the store failing in turn: store_unavailable or a value, nothing half done, the next call works', async (name) => {
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
  }, 60_000)
})
