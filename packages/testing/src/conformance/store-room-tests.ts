import type { Room } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import type { StoreSetup } from './conversation-store.ts'
import { conversationState, newRoom } from './store-commit-tests.ts'

const ids = (rooms: readonly Room[]): string[] => rooms.map((room) => room.id)

export function storeRoomTests(setup: StoreSetup): void {
  describe('rooms', () => {
    test('a room is created once and starts with an empty log, whatever its copy says', async () => {
      const { store, make } = await setup()
      const planned = make.room({ metadata: { a: 1 }, eventCount: 9, latestIndex: 8, deliveredIndex: 7 })
      const room = await store.createRoom(planned)
      expect(room).toEqual({ ...planned, eventCount: 0, latestIndex: -1, deliveredIndex: -1 })
      expect(await store.getRoom(room.id)).toEqual(room)
      await expect(store.createRoom(planned)).rejects.toMatchObject({ code: 'room_exists' })
      expect(await store.getRoom('unknown')).toBeNull()
      expect(await store.loadContext('unknown', { tail: 1 })).toBeNull()
    })

    test('ST-2 a room of another organization is not there', async () => {
      const { store, make } = await setup()
      const mine = await store.createRoom(make.room({ organizationId: 'acme' }))
      const free = await store.createRoom(make.room())
      expect(await store.getRoom(mine.id, { organizationId: 'acme' })).toEqual(mine)
      expect(await store.getRoom(mine.id, { organizationId: 'other' })).toBeNull()
      expect(await store.getRoom(free.id, { organizationId: 'acme' })).toBeNull()
      await store.bindings.put([make.binding(mine.id, 'shared'), make.binding(free.id, 'shared')])
      await store.participants.put([
        make.participant(mine.id, 'ada', { channelId: 'shared', connectedVia: ['shared'] }),
      ])
      const latest = { participantId: 'ada', channelType: 'websocket' } as const
      expect(ids((await store.findRooms({ organizationId: 'acme' })).items)).toEqual([mine.id])
      expect((await store.findRooms({ organizationId: 'other' })).items).toEqual([])
      expect(ids(await store.roomsByChannel({ channelId: 'shared', organizationId: 'acme' }))).toEqual([mine.id])
      expect(await store.findLatestRoom({ ...latest, organizationId: 'other' })).toBeNull()
      expect((await store.findLatestRoom({ ...latest, organizationId: 'acme' }))?.id).toBe(mine.id)
      expect((await store.bindings.list({ organizationId: 'acme' })).items).toHaveLength(1)
      expect((await store.bindings.list({ organizationId: 'other' })).items).toEqual([])
      expect((await store.bindings.list({ roomId: mine.id, organizationId: 'other' })).items).toEqual([])
    })

    test('RM-5 updateRoom compares the version and never takes counters from a copy', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const room = await newRoom(at, { metadata: { a: 1 } })
      await store.commit(room.id, [make.text(room.id, 'a')])
      await store.advanceDelivered(room.id, -1, 0)
      await clock.advance(1_000)
      const updated = await store.updateRoom({
        ...room,
        metadata: { b: 2 },
        status: 'paused',
        sessionId: 's',
        conversation: conversationState(),
        latestIndex: 77,
        lastActivityAt: '2000-01-01T00:00:00.000Z',
      })
      expect(updated).toMatchObject({
        version: 1,
        metadata: { b: 2 },
        status: 'paused',
        pausedAt: make.now(),
        updatedAt: make.now(),
        sessionId: 's',
        eventCount: 1,
        latestIndex: 0,
        deliveredIndex: 0,
      })
      expect(updated.lastActivityAt).toBe(room.lastActivityAt)
      expect(updated.conversation?.version).toBe(1)
      await expect(store.updateRoom({ ...room, metadata: {} })).rejects.toMatchObject({ code: 'version_conflict' })
      expect(await store.getRoom(room.id)).toEqual(updated)
      const { conversation: _conversation, ...plain } = updated
      expect(await store.updateRoom(updated)).toEqual(updated)
      const without = await store.updateRoom(plain)
      expect(without).toMatchObject({ version: 2 })
      expect(without.conversation).toBeUndefined()
      await expect(store.updateRoom(make.room())).rejects.toMatchObject({ code: 'room_not_found' })
    })

    test('RM-6 patchRoom merges and unsets without reading, also at once', async () => {
      const at = await setup()
      const { store } = at
      const { id } = await newRoom(at, { metadata: { keep: 1, drop: { deep: true } } })
      await Promise.all([
        store.patchRoom(id, { metadata: { set: { a: [1, null] }, unset: ['drop', 'never'] } }),
        store.patchRoom(id, { metadata: { set: { b: 'two' } } }),
        store.patchRoom(id, { timers: { inactiveAfterMs: 1_000 }, agentResponsePolicy: 'addressedOnly' }),
      ])
      expect(await store.getRoom(id)).toMatchObject({
        version: 3,
        metadata: { keep: 1, a: [1, null], b: 'two' },
        timers: { inactiveAfterMs: 1_000 },
        agentResponsePolicy: 'addressedOnly',
      })
      await expect(store.patchRoom(id, { expectedVersion: 1, status: 'closed' })).rejects.toMatchObject({
        code: 'version_conflict',
      })
      await expect(store.patchRoom('unknown', { status: 'closed' })).rejects.toMatchObject({ code: 'room_not_found' })
    })

    test('RM-6 metadata keys that start with _ are refused', async () => {
      const at = await setup()
      const { store, make } = at
      const room = await newRoom(at)
      await expect(store.patchRoom(room.id, { metadata: { set: { _state: 1 } } })).rejects.toMatchObject({
        code: 'invalid_options',
      })
      await expect(store.updateRoom({ ...room, metadata: { _state: 1 } })).rejects.toMatchObject({
        code: 'invalid_options',
      })
      await expect(store.createRoom(make.room({ metadata: { _state: 1 } }))).rejects.toMatchObject({
        code: 'invalid_options',
      })
      await expect(
        store.commit(room.id, [make.text(room.id, 'a')], { room: { metadata: { set: { _a: 1 } } } }),
      ).rejects.toMatchObject({ code: 'invalid_options' })
      expect(await store.getRoom(room.id)).toEqual(room)
    })

    test('a status change keeps its instants', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id } = await newRoom(at)
      await clock.advance(10)
      expect(await store.patchRoom(id, { status: 'paused' })).toMatchObject({ status: 'paused', pausedAt: make.now() })
      const pausedAt = make.now()
      await clock.advance(10)
      expect(await store.patchRoom(id, { status: 'closed' })).toMatchObject({
        status: 'closed',
        pausedAt,
        closedAt: make.now(),
      })
      const reopened = await store.patchRoom(id, { status: 'active' })
      expect(reopened.pausedAt).toBeUndefined()
      expect(reopened.closedAt).toBeUndefined()
    })

    test('detaching removes the binding and leaves a tombstone until it is cleared', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.patchRoom(id, { bindings: [make.binding(id, 'a'), make.binding(id, 'b')] })
      await store.commit(id, [make.text(id, 'left')], { room: { detach: ['a'] } })
      expect((await store.loadContext(id, { tail: 1 }))?.bindings.map((binding) => binding.channelId)).toEqual(['b'])
      expect(await store.tombstones.get(id, 'a')).toEqual({ roomId: id, channelId: 'a', at: make.now() })
      expect(await store.roomsByChannel({ channelId: 'a' })).toEqual([])
      await store.commit(id, [make.text(id, 'back')], {
        room: { bindings: [make.binding(id, 'a')], clearTombstones: ['a'] },
      })
      expect(await store.tombstones.get(id, 'a')).toBeNull()
      expect(ids(await store.roomsByChannel({ channelId: 'a' }))).toEqual([id])
    })

    test('ST-2 findRooms pages through rooms while new ones appear', async () => {
      const { store, make } = await setup()
      const organizationId = 'acme'
      for (let n = 0; n < 5; n++)
        await store.createRoom(make.room({ organizationId, ...(n === 2 ? { status: 'closed' } : {}) }))
      const seen: string[] = []
      let page = await store.findRooms({ organizationId, limit: 2 })
      for (;;) {
        seen.push(...ids(page.items))
        if (page.next === undefined) break
        if (seen.length === 2) await store.createRoom(make.room({ organizationId }))
        page = await store.findRooms({ organizationId, limit: 2, after: page.next })
      }
      expect(seen).toHaveLength(6)
      expect(new Set(seen).size).toBe(6)
      expect((await store.findRooms({ organizationId, status: 'closed' })).items).toHaveLength(1)
      await expect(store.findRooms({ after: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_options' })
    })

    test('findRooms filters by parent and by mode', async () => {
      const at = await setup()
      const { store, make } = at
      const parent = await newRoom(at)
      const child = await newRoom(at, { parentRoomId: parent.id, conversation: conversationState({ mode: 'human' }) })
      expect(ids((await store.findRooms({ parentRoomId: parent.id })).items)).toEqual([child.id])
      expect(ids((await store.findRooms({ mode: 'human' })).items)).toEqual([child.id])
      expect(ids((await store.findRooms({ mode: 'agent' })).items)).toEqual([parent.id])
      expect(make.now()).toBe(parent.createdAt)
    })

    test('the latest open room of a sender is found by channel type', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const open = async (channelType: 'sms' | 'websocket', status: Room['status'] = 'active'): Promise<Room> => {
        await clock.advance(1_000)
        const room = await newRoom(at, { status })
        await store.bindings.put([make.binding(room.id, channelType, { channelType })])
        await store.participants.put([
          make.participant(room.id, 'ada', { channelId: channelType, connectedVia: [channelType] }),
        ])
        return room
      }
      const first = await open('sms')
      const second = await open('sms', 'paused')
      await open('websocket')
      await open('sms', 'closed')
      const query = { participantId: 'ada', channelType: 'sms' } as const
      expect((await store.findLatestRoom(query))?.id).toBe(second.id)
      await clock.advance(1_000)
      await store.commit(first.id, [make.text(first.id, 'again')])
      expect((await store.findLatestRoom(query))?.id).toBe(first.id)
      expect(await store.findLatestRoom({ participantId: 'ben', channelType: 'sms' })).toBeNull()
      expect(await store.findLatestRoom({ participantId: 'ada', channelType: 'email' })).toBeNull()
    })

    test('rooms are found by channel and status', async () => {
      const at = await setup()
      const { store, make } = at
      const rooms = [await newRoom(at), await newRoom(at, { status: 'closed' }), await newRoom(at)]
      await store.bindings.put(rooms.map((room) => make.binding(room.id, 'web')))
      expect(ids(await store.roomsByChannel({ channelId: 'web' }))).toEqual(ids(rooms))
      expect(ids(await store.roomsByChannel({ channelId: 'web', statuses: ['closed'] }))).toEqual([rooms[1]?.id])
      expect(ids(await store.roomsByChannel({ channelId: 'web', statuses: ['active'], limit: 1 }))).toEqual([
        rooms[0]?.id,
      ])
    })

    test('rooms are due at the instant, longest overdue first, all of them in pages', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const start = clock.now()
      const instant = (ms: number): string => new Date(start + ms).toISOString()
      const soon = await newRoom(at, { timers: { inactiveAfterMs: 1_000, closedAfterMs: 500 } })
      const late = await newRoom(at, { timers: { inactiveAfterMs: 2_000 } })
      const closing = await newRoom(at, { timers: { closedAfterMs: 3_000 } })
      await newRoom(at)
      const closed = await newRoom(at, { timers: { closedAfterMs: 1 } })
      await store.patchRoom(closed.id, { status: 'closed' })
      expect(await store.dueRooms(instant(999), 10)).toEqual([])
      expect(ids(await store.dueRooms(instant(1_000), 10))).toEqual([soon.id])
      expect(ids(await store.dueRooms(instant(9_000), 10))).toEqual([soon.id, late.id, closing.id])
      expect(ids(await store.dueRooms(instant(9_000), 2))).toEqual([soon.id, late.id])
      await clock.advance(1_000)
      await store.patchRoom(soon.id, { status: 'paused' })
      expect(ids(await store.dueRooms(instant(1_499), 10))).toEqual([])
      expect(ids(await store.dueRooms(instant(1_500), 10))).toEqual([soon.id])
      expect(make.now()).toBe(instant(1_000))
    })

    test('activity moves the due instant, a new timer counts at once', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id } = await newRoom(at, { timers: { inactiveAfterMs: 1_000 } })
      const due = async (): Promise<string[]> => ids(await store.dueRooms(make.now(), 10))
      await clock.advance(900)
      await store.commit(id, [make.text(id, 'still here')])
      await clock.advance(900)
      expect(await due()).toEqual([])
      await store.patchRoom(id, { timers: { inactiveAfterMs: 500 } })
      expect(await due()).toEqual([id])
      await store.patchRoom(id, { timers: { inactiveAfterMs: 5_000 } })
      expect(await due()).toEqual([])
      await clock.advance(4_100)
      expect(await due()).toEqual([id])
      await store.patchRoom(id, { timers: {} })
      expect(await due()).toEqual([])
    })
  })
}
