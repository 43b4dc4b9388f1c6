import type { RoomEvent } from '@parley/spec'
import { expect, test } from 'vitest'
import { block } from '../hooks/hook-results.ts'
import { line, openKit, recordingTransport, says, scriptedAgent, textOf, textsOf } from '../__fixtures__/open-kit.ts'
import { createMemoryStore } from '../store/memory-store.ts'

const text = (said: string) => ({ type: 'text' as const, text: said })

test('IN-1 send and sendEvent meet the same hooks, gates and lanes as a message that came in', async () => {
  const web = recordingTransport('web')
  const other = recordingTransport('other')
  const { kit } = openKit({}, [web, other, scriptedAgent('bot', says('yes'))])
  kit.hook('beforeBroadcast', ({ event }) => (textOf(event.content) === 'never' ? block('x.never') : undefined))
  const { id } = await kit.createRoom({ channels: ['web', 'other', 'bot'] })
  const ways = [
    (said: string) => kit.processInbound(line('web', 'ada', said), { roomId: id }),
    (said: string) => kit.sendEvent(id, 'web', { content: text(said) }),
    (said: string) => kit.send(id, { from: 'ada', text: said }),
  ]
  for (const way of ways) {
    other.deliveries.length = 0
    const sent = await way('hello')
    if (sent.outcome !== 'committed') throw new Error('the line is committed')
    expect(textsOf((await sent.settled()).replies)).toEqual(['yes'])
    expect(other.said()).toEqual(['hello', 'yes'])
    expect(await way('never')).toMatchObject({ outcome: 'blocked', reason: 'x.never', event: { status: 'blocked' } })
  }
  await kit.mute(id, 'web')
  for (const way of ways)
    expect(await way('muted')).toMatchObject({
      outcome: 'blocked',
      reason: 'source_muted',
      event: { status: 'blocked' },
    })
  await kit.unmute(id, 'web')
  await kit.setAccess(id, 'web', 'readOnly')
  for (const way of ways)
    expect(await way('read only')).toMatchObject({ outcome: 'blocked', reason: 'source_read_only' })
})

test('IN-1 send takes text or content, speaks by the primary channel, and brings an unknown sender in with the same commit', async () => {
  const { kit } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  await kit.ensureParticipant(id, { id: 'ada', channelId: 'web' })
  expect(await kit.send(id, { from: 'ada', text: 'mine' })).toMatchObject({
    event: { source: { channelId: 'web', participantId: 'ada' } },
  })
  const before = await kit.getRoom(id)
  expect(await kit.send(id, { from: 'new', text: 'hi' })).toMatchObject({
    event: { source: { channelId: 'direct', participantId: 'new' } },
  })
  const after = await kit.getRoom(id)
  expect(after.eventCount).toBe(before.eventCount + 1)
  expect((await kit.bindings(id)).map(({ channelId }) => channelId)).toEqual(['web', 'direct'])
  expect(await kit.isMember(id, 'new')).toBe(true)
  await expect(kit.send(id, { from: 'ada', text: 'a', content: text('b') })).rejects.toMatchObject({
    code: 'invalid_options',
  })
  await expect(kit.renameMember(id, 'nobody', 'N')).rejects.toMatchObject({ code: 'participant_not_found' })
  await expect(kit.removeMember(id, 'nobody')).rejects.toMatchObject({ code: 'participant_not_found' })
  await expect(kit.sendEvent(id, 'direct2', { content: text('b') })).rejects.toMatchObject({
    code: 'channel_not_registered',
  })
})

test('IN-1 the store of a kit has no commit, and what is saved by it leaves records', async () => {
  const { kit } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  expect(kit.store).not.toHaveProperty('commit')
  await kit.store.updateRoom({ ...(await kit.getRoom(id)), status: 'paused' })
  await kit.store.patchRoom(id, { status: 'active' })
  expect((await kit.events(id)).map(({ type }) => type)).toEqual(['roomPaused', 'roomResumed'])
})

test('IN-2 a message that is not accepted in time leaves nothing at all', async () => {
  const { kit, clock } = openKit({ limits: { processTimeoutMs: 1_000 } }, [recordingTransport('web')])
  kit.hook('beforeBroadcast', (_payload, ctx) => ctx.clock.sleep(5_000))
  let result: unknown
  void kit.processInbound(line('web', 'ada', 'hello'), { roomId: 'planned' }).then((outcome) => (result = outcome))
  await clock.advance(1_000)
  expect(result).toMatchObject({ outcome: 'blocked', reason: 'process_timeout' })
  await clock.advance(10_000)
  expect((await kit.store.findRooms({})).items).toEqual([])
  await expect(kit.getRoom('planned')).rejects.toMatchObject({ code: 'room_not_found' })
  expect(await kit.bindings('planned')).toEqual([])
  expect(await kit.members('planned')).toEqual([])
})

test('IN-2 waiting for the lock counts, in a room that is there nothing changes', async () => {
  const { kit, clock } = openKit({ limits: { processTimeoutMs: 1_000 } }, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  const hook = kit.hook('beforeBroadcast', (_payload, ctx) => ctx.clock.sleep(900))
  const results = ['one', 'two'].map((said) => kit.processInbound(line('web', said, said), { roomId: id }))
  await clock.advance(5_000)
  expect(await Promise.all(results)).toMatchObject([
    { outcome: 'committed' },
    { outcome: 'blocked', reason: 'process_timeout' },
  ])
  hook()
  expect(textsOf(await kit.events(id))).toEqual(['one'])
  expect((await kit.members(id)).map((member) => member.id)).toEqual(['one'])
  expect(await kit.getRoom(id)).toMatchObject({ eventCount: 1, latestIndex: 0 })
})

test('IN-2 after the commit the answer is committed, whatever delivery does; an abort before it leaves nothing', async () => {
  const web = recordingTransport('web', { deliver: () => Promise.reject(new Error('gone')) })
  const store = createMemoryStore()
  const slow = { commitMs: 0 }
  const { kit, clock } = openKit(
    {
      limits: { processTimeoutMs: 1_000 },
      store: delayed(store, () => (slow.commitMs === 0 ? Promise.resolve() : clock.sleep(slow.commitMs))),
    },
    [web],
  )
  const { id } = await kit.createRoom({ channels: ['web'] })
  slow.commitMs = 5_000
  const sending = kit.send(id, { from: 'ada', text: 'slow store' })
  await clock.advance(6_000)
  expect(await sending).toMatchObject({ outcome: 'committed' })
  slow.commitMs = 0
  await clock.advance(120_000)
  await expect(kit.send(id, { from: 'ada', text: 'no' }, { signal: AbortSignal.abort() })).rejects.toThrow()
  expect(textsOf(await kit.events(id))).toEqual(['slow store'])
})

/** A store whose commits take time. */
function delayed(
  store: ReturnType<typeof createMemoryStore>,
  wait: () => Promise<void>,
): ReturnType<typeof createMemoryStore> {
  return new Proxy(store, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (typeof value !== 'function') return value
      if (key !== 'commit') return value.bind(target)
      return async (...given: unknown[]): Promise<unknown> => {
        await wait()
        return value.apply(target, given)
      }
    },
  })
}

test('IN-3 nothing slow runs under the lock: a room takes messages as fast with agents of any speed', async () => {
  const web = recordingTransport('web', {
    deliver: () => new Promise(() => {}),
    parse: async ({ content }, { clock }) => (await clock.sleep(20), { content }),
  })
  const agents = ['a', 'b', 'c'].map((id) => scriptedAgent(id, says('slow', 20), { whileBusy: 'merge' } as object))
  const held: number[] = []
  const telemetry = {
    record: (name: string, value: number) => void (name === 'room.lockHeldMs' && held.push(value)),
    span: <T>(_name: string, _data: unknown, run: () => T): T => run(),
  }
  const { kit, clock } = openKit({ telemetry: telemetry as never }, [web, ...agents])
  kit.observe('afterBroadcast', () => clock.sleep(1_000))
  const { id } = await kit.createRoom({ channels: ['web', 'a', 'b', 'c'], agentResponsePolicy: 'addressedOnly' })
  const sent = Array.from({ length: 50 }, (_, n) => kit.send(id, { from: 'ada', text: `line ${n}` }))
  // No time passes, and all of them are in.
  expect((await Promise.all(sent)).every(({ outcome }) => outcome === 'committed')).toBe(true)
  const inbound = Array.from({ length: 5 }, (_, n) =>
    kit.processInbound(line('web', 'bob', `parsed ${n}`), { roomId: id }),
  )
  await clock.advance(20)
  expect((await Promise.all(inbound)).every(({ outcome }) => outcome === 'committed')).toBe(true)
  await clock.advance(2_000)
  expect(held.length).toBeGreaterThan(50)
  expect(Math.max(...held)).toBe(0)
})

test('IN-3 a lock that was held for more than 50 ms raises an alarm', async () => {
  const { kit, clock, warnings } = openKit({}, [recordingTransport('web')])
  const { id } = await kit.createRoom({ channels: ['web'] })
  kit.hook('beforeBroadcast', (_payload, ctx) => ctx.clock.sleep(60))
  const sending = kit.sendEvent(id, 'web', { content: text('slow hook') })
  await clock.advance(100)
  await sending
  expect(warnings()).toMatchObject([{ what: 'room.lockHeldMs', heldMs: 60 }])
})

test('IN-4 several candidates are none: a new room is made, with a warning', async () => {
  const { kit, warnings } = openKit({}, [recordingTransport('web')])
  await kit.createRoom({ id: 'one', channels: ['web'] })
  await kit.createRoom({ id: 'two', channels: ['web'] })
  const made = await kit.processInbound(line('web', 'stranger', 'hello'))
  expect(['one', 'two']).not.toContain(made.roomId)
  expect(warnings()).toMatchObject([{ what: 'inbound.ambiguous' }])
  expect(await kit.processInbound(line('web', 'stranger', 'again'))).toMatchObject({ roomId: made.roomId })
})

test('IN-5 commit is answered at once, settled when every reply is in; a turn that waits for its room is not waited for', async () => {
  const seen: unknown[] = []
  const agent = scriptedAgent('bot', async function* (context) {
    seen.push(await kit.settled(context.event.roomId, { turn: context }))
    await context.clock.sleep(500)
    yield { type: 'textDelta', text: 'late' }
  })
  const { kit, clock } = openKit({}, [agent])
  const { id } = await kit.createRoom({ channels: ['bot'] })
  const sent = await kit.send(id, { from: 'ada', text: 'hello' })
  expect(textsOf(await kit.events(id))).toEqual(['hello'])
  if (sent.outcome !== 'committed') throw new Error('the line is committed')
  let cascade: RoomEvent[] | undefined
  void sent.settled().then(({ replies }) => (cascade = replies))
  await clock.advance(499)
  expect(seen).toEqual([{ timedOut: false }])
  expect(cascade).toBeUndefined()
  await clock.advance(1)
  expect(textsOf(cascade ?? [])).toEqual(['late'])
  const waiting = kit.send(id, { from: 'ada', text: 'again' }, { wait: 'settled' })
  await clock.advance(500)
  const second = await waiting
  expect(second).toMatchObject({ outcome: 'committed' })
  expect(textsOf(await kit.events(id))).toEqual(['hello', 'late', 'again', 'late'])
})

test('IN-5 without the turn the wait is bounded', async () => {
  const answers: unknown[] = []
  const agent = scriptedAgent('bot', async function* (context) {
    answers.push(await kit.settled(context.event.roomId, { timeoutMs: 200 }))
  })
  const { kit, clock } = openKit({}, [agent])
  const { id } = await kit.createRoom({ channels: ['bot'] })
  await kit.send(id, { from: 'ada', text: 'hello' })
  await clock.advance(200)
  expect(answers).toEqual([{ timedOut: true }])
  expect(await kit.settled(id)).toEqual({ timedOut: false })
})

test('IN-6 a message may land between a question and its answer; cause and thread tell them apart', async () => {
  const { kit, clock } = openKit({}, [scriptedAgent('bot', says('answer', 100), { whileBusy: 'queue' } as object)])
  const { id } = await kit.createRoom({ channels: ['bot'] })
  const one = await kit.send(id, { from: 'ada', text: 'one', addressedTo: ['bot'] })
  await clock.advance(50)
  const two = await kit.send(id, { from: 'bob', text: 'two', addressedTo: [] })
  await clock.advance(100)
  const events = await kit.events(id)
  expect(textsOf(events)).toEqual(['one', 'two', 'answer'])
  expect(events.map(({ index }) => index)).toEqual([0, 1, 2])
  expect(events[2]?.causeId).toBe(one.outcome === 'committed' ? one.event.id : '')
  expect(two).toMatchObject({ outcome: 'committed' })
})
