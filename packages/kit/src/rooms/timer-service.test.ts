import type { Room, RoomId } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { sampleEvent, sampleRoom } from '../__fixtures__/room-samples.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { createTimerService, type TimerServiceOptions } from './timer-service.ts'

function setUp(given: Partial<TimerServiceOptions> = {}) {
  const clock = createVirtualClock()
  const store = createMemoryStore({ clock })
  const startMs = clock.now()
  const moved: string[] = []
  const fired: string[] = []
  const errors: unknown[] = []
  const ofRoom = (roomId: RoomId): Promise<Room> => store.getRoom(roomId).then((room) => room ?? sampleRoom())
  const options: TimerServiceOptions = {
    clock,
    store,
    async transition(roomId, due) {
      for (const step of due(await ofRoom(roomId))) {
        await store.patchRoom(roomId, { status: step === 'pause' ? 'paused' : 'closed' })
        moved.push(`${roomId} ${step} ${clock.now() - startMs}`)
      }
    },
    async fireReminder({ roomId, key }) {
      if ((await store.reminders.remove(roomId, [key])) > 0) fired.push(`${roomId} ${key} ${clock.now() - startMs}`)
    },
    reportError: (thrown) => void errors.push(thrown),
    ...given,
  }
  const add = async (id: RoomId, timers: Room['timers']): Promise<Room> => {
    const at = new Date(clock.now()).toISOString()
    return store.createRoom(sampleRoom({ id, timers, createdAt: at, updatedAt: at, lastActivityAt: at }))
  }
  return { clock, store, options, service: createTimerService(options), moved, fired, errors, add, startMs }
}

test('TI-1 TI-2 5 000 rooms that came due while nobody looked are all moved, both records in order', async () => {
  const { clock, service, moved, add } = setUp()
  for (let index = 0; index < 5_000; index++) await add(`r${index}`, { inactiveAfterMs: 1_000, closedAfterMs: 1_000 })
  await clock.advance(10_000)
  service.start()
  await clock.advance(0)
  expect(moved).toHaveLength(10_000)
  const ofOne = moved.filter((one) => one.startsWith('r77 '))
  expect(ofOne).toEqual(['r77 pause 10000', 'r77 close 10000'])
  await clock.runToRest()
  expect(clock.pending).toBe(0)
})

test('TI-1 TI-2 a room is moved at its instant, by one timer, and none is kept when nothing is due', async () => {
  const { clock, service, moved, add } = setUp()
  service.start()
  await clock.advance(0)
  expect(clock.pending).toBe(0)
  service.changed(await add('a', { inactiveAfterMs: 5_000, closedAfterMs: 3_000 }))
  service.changed(await add('b', { closedAfterMs: 7_000 }))
  expect(clock.pending).toBe(1)
  await clock.runToRest()
  expect(moved).toEqual(['a pause 5000', 'b close 7000', 'a close 8000'])
})

test('TI-3 activity keeps a room open: what is due is asked of the room as it is then', async () => {
  const { clock, store, service, moved, add } = setUp()
  service.start()
  service.changed(await add('a', { closedAfterMs: 5_000 }))
  await clock.advance(4_000)
  const { index: _index, ...draft } = sampleEvent({ roomId: 'a' })
  await store.commit('a', [{ ...draft, createdAt: new Date(clock.now()).toISOString() }])
  await clock.runToRest()
  expect(moved).toEqual(['a close 9000'])
})

test('TI-1 two processes on one store move each room once', async () => {
  const { clock, options, moved, add } = setUp()
  const queues = new Map<string, Promise<void>>()
  const locked: TimerServiceOptions = {
    ...options,
    transition(roomId, due) {
      const mine = (queues.get(roomId) ?? Promise.resolve()).then(() => options.transition(roomId, due))
      queues.set(roomId, mine)
      return mine
    },
  }
  for (let index = 0; index < 50; index++) await add(`r${index}`, { closedAfterMs: 1_000 })
  await clock.advance(2_000)
  for (const service of [createTimerService(locked), createTimerService(locked)]) service.start()
  await clock.advance(0)
  expect(new Set(moved).size).toBe(50)
  expect(moved).toHaveLength(50)
})

test('a room that cannot be moved is reported, keeps no other back and is tried again', async () => {
  let isBroken = true
  const { clock, options, moved, errors, add } = setUp()
  const service = createTimerService({
    ...options,
    transition(roomId, due) {
      if (roomId === 'bad' && isBroken) throw new Error('lock')
      return options.transition(roomId, due)
    },
  })
  await add('bad', { closedAfterMs: 1_000 })
  for (let index = 0; index < 150; index++) await add(`r${index}`, { closedAfterMs: 1_001 })
  await clock.advance(1_001)
  service.start()
  await clock.advance(0)
  expect([moved.length, errors.length]).toEqual([150, 1])
  isBroken = false
  await clock.advance(60_000)
  expect(moved.at(-1)).toBe('bad close 61001')
})

test('TI-4 a room that is held stays active, and is looked at again', async () => {
  let isHeld = true
  const { clock, service, moved, add } = setUp({ isHeld: () => isHeld })
  service.start()
  service.changed(await add('call', { inactiveAfterMs: 1_000 }))
  await clock.advance(90_000)
  expect(moved).toEqual([])
  isHeld = false
  await clock.advance(60_000)
  expect(moved).toHaveLength(1)
})

test('TI-5 reminders fire at their time, in order, once, also after a restart', async () => {
  const { clock, store, options, service, fired, add, startMs } = setUp()
  await add('a', {})
  const remind = async (key: string, inMs: number): Promise<void> => {
    const atMs = startMs + inMs
    await store.reminders.put([{ roomId: 'a', key, at: new Date(atMs).toISOString(), payload: null }])
    service.noteDue(atMs)
  }
  service.start()
  await remind('late', 200_000)
  await remind('soon', 5_000)
  await remind('soon', 7_000)
  await clock.advance(10_000)
  expect(fired).toEqual(['a soon 7000'])
  await service.close()
  expect(clock.pending).toBe(0)
  createTimerService(options).start()
  await clock.runToRest()
  expect(fired).toEqual(['a soon 7000', 'a late 200000'])
})

test('KT-4 closing keeps no timer and waits for the round that is going on', async () => {
  const { clock, service, add, moved } = setUp()
  await add('a', { closedAfterMs: 1 })
  await clock.advance(5)
  service.start()
  await service.close()
  service.changed(await add('b', { closedAfterMs: 1 }))
  expect(clock.pending).toBe(0)
  const count = moved.length
  await clock.advance(100_000)
  expect(moved).toHaveLength(count)
})
