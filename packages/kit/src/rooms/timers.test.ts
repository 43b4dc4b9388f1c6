import type { Json } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { Kit } from '../kit.ts'
import { says, scriptedAgent, textOf } from '../__fixtures__/open-kit.ts'
import { createMemoryStore } from '../store/memory-store.ts'

function setUp() {
  const clock = createVirtualClock()
  const store = createMemoryStore({ clock })
  let seed = 0
  const open = (): Kit => new Kit({ clock, store, ids: createSeededIds((seed += 1)) })
  const close = async (kit: Kit): Promise<void> => {
    const closing = kit.close()
    await clock.advance(10_000)
    await closing
  }
  return { clock, store, open, close }
}

/** A store that outlives its kit. */
function setUpShared() {
  const set = setUp()
  set.store.close = async () => {}
  return set
}

test('TI-2 TI-4 a room left alone pauses, then closes, each with a record in the log and then hooks', async () => {
  const { clock, open, close } = setUp()
  const kit = open()
  const heard: string[] = []
  const room = await kit.createRoom({ timers: { inactiveAfterMs: 5_000, closedAfterMs: 3_000 } })
  kit.hook(
    'onRoomPaused',
    async ({ room: { status } }) => void heard.push(`${status} ${(await kit.events(room.id)).length}`),
  )
  kit.hook(
    'onRoomClosed',
    async ({ room: { status } }) => void heard.push(`${status} ${(await kit.events(room.id)).length}`),
  )
  await clock.advance(5_000)
  expect((await kit.getRoom(room.id)).status).toBe('paused')
  await clock.advance(3_000)
  expect((await kit.getRoom(room.id)).status).toBe('closed')
  const events = await kit.events(room.id)
  expect(events.map(({ type, content }) => [type, content.type === 'system' ? content.data : null])).toMatchObject([
    ['roomPaused', { cause: 'timer' }],
    ['roomClosed', { cause: 'timer' }],
  ])
  expect(heard).toEqual(['paused 1', 'closed 2'])
  await close(kit)
})

test('TI-3 a message in time keeps its room open, and one to a paused room cancels the pending close', async () => {
  const { clock, open, close } = setUp()
  const kit = open()
  const room = await kit.createRoom({ timers: { inactiveAfterMs: 5_000, closedAfterMs: 3_000 } })
  await clock.advance(4_000)
  await kit.send(room.id, { from: 'ada', text: 'still here' })
  await clock.advance(4_999)
  expect((await kit.getRoom(room.id)).status).toBe('active')
  await clock.advance(1)
  expect((await kit.getRoom(room.id)).status).toBe('paused')
  await clock.advance(2_000)
  await kit.send(room.id, { from: 'ada', text: 'and again' })
  await clock.advance(4_999)
  expect((await kit.getRoom(room.id)).status).toBe('active')
  await clock.advance(1)
  expect((await kit.getRoom(room.id)).status).toBe('paused')
  await close(kit)
})

test('TI-3 ephemerals, blocked and system events are no activity', async () => {
  const { clock, open, close } = setUp()
  const kit = open()
  const room = await kit.createRoom({ timers: { inactiveAfterMs: 5_000 } })
  kit.hook('beforeBroadcast', () => ({ action: 'block', reason: 'x.no' }))
  await clock.advance(4_000)
  await kit.send(room.id, { from: 'ada', text: 'blocked' })
  kit.publish(room.id, { type: 'typingStarted', from: 'ada' })
  await kit.deliver(room.id, 'A line of the system')
  await clock.advance(1_000)
  expect((await kit.getRoom(room.id)).status).toBe('paused')
  await close(kit)
})

test('TI-1 TI-2 rooms that came due while nobody ran are taken up after a restart, with both records in order', async () => {
  const { clock, open, close } = setUpShared()
  const first = open()
  const rooms = await Promise.all(
    Array.from({ length: 300 }, () => first.createRoom({ timers: { inactiveAfterMs: 60_000, closedAfterMs: 1_000 } })),
  )
  await close(first)
  await clock.advance(200_000)
  const second = open()
  await clock.advance(1)
  const all = await Promise.all(rooms.map(({ id }) => second.events(id)))
  expect(new Set(all.map((events) => events.map(({ type }) => type).join()))).toEqual(
    new Set(['roomPaused,roomClosed']),
  )
  await close(second)
})

test('TI-5 a reminder fires once, as an event and to the host, also after a restart; the same key replaces', async () => {
  const { clock, open, close } = setUpShared()
  const first = open()
  const room = await first.createRoom()
  await first.schedule(room.id, { key: 'call', inMs: 10_000, payload: 'too early' })
  await first.schedule(room.id, { key: 'call', inMs: 50_000, payload: { about: 'refund' } })
  await clock.advance(11_000)
  await close(first)
  const second = open()
  const heard: Json[] = []
  second.hook('onReminder', ({ key, payload }) => void heard.push([key, payload]))
  await clock.advance(60_000)
  await clock.advance(60_000)
  expect(heard).toEqual([['call', { about: 'refund' }]])
  const events = await second.events(room.id)
  expect(events.map(({ type, content }) => [type, content.type === 'system' ? content.data : null])).toEqual([
    ['system', { key: 'call', payload: { about: 'refund' } }],
  ])
  await close(second)
})

test('TI-5 what cannot be a reminder is refused', async () => {
  const { open, close } = setUp()
  const kit = open()
  const room = await kit.createRoom()
  for (const input of [
    { key: '', inMs: 1 },
    { key: 'k' },
    { key: 'k', inMs: 1, at: '2026-01-01T00:00:00.000Z' },
    { key: 'k', at: 'soon' },
    { key: 'k', inMs: -1 },
  ]) {
    await expect(kit.schedule(room.id, input)).rejects.toMatchObject({ code: 'invalid_options' })
  }
  await expect(kit.schedule('nowhere', { key: 'k', inMs: 1 })).rejects.toMatchObject({ code: 'room_not_found' })
  await close(kit)
})

test('TI-5 a reminder for a named agent gets a turn of that agent', async () => {
  const { clock, open, close } = setUp()
  const kit = open()
  kit.register(scriptedAgent('desk', says('I call back now.')))
  kit.register(scriptedAgent('other'))
  const room = await kit.createRoom({ channels: ['desk', 'other'] })
  await kit.schedule(room.id, { key: 'call', inMs: 1_000, agentId: 'desk' })
  await clock.advance(1_000)
  const said = (await kit.events(room.id, { types: ['message'] })).map(({ source, content }) => [
    source.channelId,
    textOf(content),
  ])
  expect(said[0]).toEqual(['desk', 'I call back now.'])
  await close(kit)
})
