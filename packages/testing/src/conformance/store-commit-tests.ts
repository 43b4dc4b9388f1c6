import type { CommitOutcome, ConversationStore, Room, RoomEvent } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import type { ConversationStoreSuiteOptions, StoreSetup, StoreTest } from './conversation-store.ts'

/** The outcome of a commit that went through. */
export function committed(outcome: CommitOutcome): { events: RoomEvent[]; room: Room } {
  if ('events' in outcome) return outcome
  throw new Error(`The commit did not go through: ${JSON.stringify(outcome)}`)
}

/** A room that is in the store. */
export async function newRoom({ store, make }: StoreTest, fields?: Partial<Room>): Promise<Room> {
  return store.createRoom(make.room(fields))
}

/** Everything a reader can see of a room: compare it before and after something that must change nothing. */
export async function everything(store: ConversationStore, roomId: string): Promise<unknown> {
  const scope = { roomId }
  return {
    context: await store.loadContext(roomId, { tail: 1_000 }),
    raw: await store.events(roomId, { raw: true }),
    requests: await store.requests.list(scope),
    receipts: await store.receipts.list(scope),
    tasks: await store.tasks.list(scope),
    observations: await store.observations.list(scope),
    tombstones: await store.tombstones.list(scope),
  }
}

const conversation = {
  version: 0,
  phase: 'intake',
  mode: 'agent',
  activeAgentId: null,
  previousAgentId: null,
  handoffCount: 0,
  phaseStartedAt: null,
  phaseHistory: [],
  context: {},
} as const

/** A first conversation state; each test gets its own copy. */
export function conversationState(fields: object = {}): NonNullable<Room['conversation']> {
  return { ...conversation, phaseHistory: [], context: {}, ...fields }
}

export function storeCommitTests(setup: StoreSetup, options: ConversationStoreSuiteOptions): void {
  describe('commit', () => {
    test('EV-1 ST-1 drafts get consecutive indexes in their order and counters follow', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id } = await newRoom(at)
      await clock.advance(5_000)
      const first = committed(await store.commit(id, [make.text(id, 'a'), make.text(id, 'b')]))
      const second = committed(await store.commit(id, [make.text(id, 'c')]))
      expect([...first.events, ...second.events].map((event) => event.index)).toEqual([0, 1, 2])
      expect(second.room).toMatchObject({
        eventCount: 3,
        latestIndex: 2,
        deliveredIndex: -1,
        lastActivityAt: make.now(),
      })
      expect(await store.events(id)).toEqual([...first.events, ...second.events])
      expect(await store.getRoom(id)).toEqual(second.room)
      expect(await store.eventCount(id)).toBe(3)
    })

    test('EV-1 ST-2 indexes stay gap-free when many writers commit at once', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const other = options.openAgain === undefined ? store : await options.openAgain({ clock })
      const { id } = await newRoom(at)
      const writes = Array.from({ length: 40 }, (_, n) =>
        (n % 2 === 0 ? store : other).commit(id, [make.text(id, String(n)), make.text(id, `${n}+`)]),
      )
      const outcomes = (await Promise.all(writes)).map(committed)
      const events = await store.events(id)
      expect(events.map((event) => event.index)).toEqual(Array.from({ length: 80 }, (_, n) => n))
      expect(new Set(events.map((event) => event.id)).size).toBe(80)
      for (const outcome of outcomes) expect(outcome.events[1]?.index).toBe((outcome.events[0]?.index ?? -9) + 1)
      expect((await other.getRoom(id))?.eventCount).toBe(80)
    })

    test('EV-1 blocked events take indexes of the same count', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.commit(id, [make.draft(id, { status: 'blocked', blocked: { reason: 'source_muted' } })])
      await store.commit(id, [make.text(id, 'a')])
      expect((await store.events(id)).map(({ index, status }) => ({ index, status }))).toEqual([
        { index: 0, status: 'blocked' },
        { index: 1, status: 'committed' },
      ])
    })

    test('a blocked event stays blocked, with its reason, and tails can leave it out', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const blocked = { reason: 'hook_failed' as const, by: 'mask' }
      await store.commit(id, [make.draft(id, { status: 'blocked', blocked }), make.text(id, 'a')])
      expect((await store.events(id))[0]).toMatchObject({ status: 'blocked', blocked })
      expect((await store.tail(id, 10, { statuses: ['committed'] })).map((event) => event.index)).toEqual([1])
    })

    test('ST-1 an idempotency key is unique in its room, also when used at once', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const { id: otherId } = await newRoom(at)
      const outcomes = await Promise.all(
        Array.from({ length: 5 }, () => store.commit(id, [make.draft(id, { idempotencyKey: 'k' })])),
      )
      expect(outcomes.filter((outcome) => 'events' in outcome)).toHaveLength(1)
      const [stored] = await store.events(id)
      for (const outcome of outcomes) if (!('events' in outcome)) expect(outcome).toEqual({ duplicate: stored })
      expect(await store.eventCount(id)).toBe(1)
      expect(await store.eventByIdempotencyKey(id, 'k')).toEqual(stored)
      expect(await store.eventByIdempotencyKey(otherId, 'k')).toBeNull()
      expect('events' in (await store.commit(otherId, [make.draft(otherId, { idempotencyKey: 'k' })]))).toBe(true)
    })

    test('ST-1 a duplicate among several drafts writes none of them', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.commit(id, [make.draft(id, { idempotencyKey: 'k' })])
      const before = await everything(store, id)
      const outcome = await store.commit(id, [make.text(id, 'new'), make.draft(id, { idempotencyKey: 'k' })], {
        receipts: [make.receipt(id)],
      })
      expect(outcome).toMatchObject({ duplicate: { index: 0 } })
      expect(await everything(store, id)).toEqual(before)
      const twice = [make.draft(id, { idempotencyKey: 'x' }), make.draft(id, { idempotencyKey: 'x' })]
      await expect(store.commit(id, twice)).rejects.toMatchObject({ code: 'invalid_options' })
      expect(await everything(store, id)).toEqual(before)
    })

    test('ST-1 everything in also is written with the drafts', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const receipt = make.receipt(id, { eventIndex: 0 })
      const request = make.request(id)
      const binding = make.binding(id, 'web')
      const participant = make.participant(id, 'ada')
      const task = {
        id: make.id('task'),
        roomId: id,
        title: 'call back',
        status: 'pending' as const,
        createdAt: make.now(),
        updatedAt: make.now(),
        metadata: {},
      }
      const observation = {
        id: make.id('obs'),
        roomId: id,
        channelId: 'web',
        content: 'calm',
        confidence: 1,
        createdAt: make.now(),
        metadata: {},
      }
      const { room } = committed(
        await store.commit(id, [make.text(id, 'a')], {
          conversation: { expectedVersion: 0, next: conversationState({ phase: 'handling' }) },
          room: {
            status: 'paused',
            metadata: { set: { topic: 'invoice' } },
            sessionId: 'session_1',
            bindings: [binding],
            participants: [participant],
          },
          receipts: [receipt],
          requests: [request],
          tasks: [task],
          observations: [observation],
        }),
      )
      expect(room).toMatchObject({
        status: 'paused',
        pausedAt: make.now(),
        metadata: { topic: 'invoice' },
        sessionId: 'session_1',
        conversation: { phase: 'handling', version: 1 },
        version: 1,
      })
      expect(await store.loadContext(id, { tail: 5 })).toEqual({
        room,
        bindings: [binding],
        participants: [participant],
        recentEvents: await store.events(id),
      })
      expect((await store.receipts.list({ roomId: id })).items).toEqual([receipt])
      expect(await store.requests.get(id, request.id)).toEqual(request)
      expect(await store.tasks.get(id, task.id)).toEqual(task)
      expect(await store.observations.get(id, observation.id)).toEqual(observation)
    })

    test('ST-1 a stale conversation writes nothing and says so', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const next = (phase: string) => ({
        conversation: { expectedVersion: 0, next: conversationState({ phase }) },
        receipts: [make.receipt(id)],
      })
      const outcomes = await Promise.all([
        store.commit(id, [make.text(id, 'a')], next('a')),
        store.commit(id, [make.text(id, 'b')], next('b')),
      ])
      expect(outcomes.filter((outcome) => 'conflict' in outcome)).toEqual([{ conflict: 'conversation' }])
      const before = await everything(store, id)
      expect(
        await store.commit(id, [make.text(id, 'c')], {
          ...next('c'),
          room: { bindings: [make.binding(id, 'x')], status: 'closed' },
        }),
      ).toEqual({ conflict: 'conversation' })
      expect(await everything(store, id)).toEqual(before)
      expect((await store.getRoom(id))?.conversation?.version).toBe(1)
    })

    test('ST-1 RM-5 a stale room version in a patch writes nothing and says so', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      await store.patchRoom(id, { metadata: { set: { a: 1 } } })
      const before = await everything(store, id)
      expect(await store.commit(id, [make.text(id, 'a')], { room: { expectedVersion: 0, status: 'closed' } })).toEqual({
        conflict: 'room',
      })
      expect(await everything(store, id)).toEqual(before)
      expect(
        'events' in (await store.commit(id, [make.text(id, 'a')], { room: { expectedVersion: 1, status: 'closed' } })),
      ).toBe(true)
    })

    test('ST-1 a planned room comes into being with its first commit, once', async () => {
      const { store, make } = await setup()
      const room = make.room({ organizationId: 'acme', metadata: { plan: 1 } })
      const commit = () =>
        store.commit(room.id, [make.text(room.id, 'a')], {
          room: { create: room, sessionId: 'session_1', bindings: [make.binding(room.id, 'web')] },
        })
      const outcomes = await Promise.all([commit(), commit()])
      expect(outcomes.filter((outcome) => 'conflict' in outcome)).toEqual([{ conflict: 'room' }])
      expect(await store.getRoom(room.id)).toMatchObject({
        organizationId: 'acme',
        sessionId: 'session_1',
        metadata: { plan: 1 },
        eventCount: 1,
        version: 0,
      })
      expect((await store.bindings.list({ roomId: room.id })).items).toHaveLength(1)
      const absent = make.id('room')
      await expect(store.commit(absent, [make.text(absent, 'a')])).rejects.toMatchObject({ code: 'room_not_found' })
    })

    test('ST-1 of many answers to a request exactly one is stored', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const other = options.openAgain === undefined ? store : await options.openAgain({ clock })
      const { id } = await newRoom(at)
      const request = make.request(id)
      await store.commit(id, [make.text(id, 'asked')], { requests: [request] })
      const outcomes = await Promise.all(
        ['a', 'b', 'c', 'd'].map((by, n) =>
          (n % 2 === 0 ? store : other).commit(id, [make.text(id, by)], {
            requests: [{ ...request, status: 'approved', decidedBy: { kind: 'person', id: by } }],
          }),
        ),
      )
      expect(outcomes.filter((outcome) => 'events' in outcome)).toHaveLength(1)
      expect(outcomes.filter((outcome) => 'conflict' in outcome)).toEqual(
        Array.from({ length: 3 }, () => ({ conflict: 'request' })),
      )
      expect(await store.eventCount(id)).toBe(2)
      const closed = await store.requests.get(id, request.id)
      const winner = outcomes.findIndex((outcome) => 'events' in outcome)
      expect(closed).toMatchObject({ status: 'approved', decidedBy: { id: ['a', 'b', 'c', 'd'][winner] } })
      expect(
        await store.commit(id, [make.text(id, 'unknown')], { requests: [make.request(id, { status: 'expired' })] }),
      ).toEqual({ conflict: 'request' })
    })

    test('ST-4 a commit with a lower fencing value than the last seen is refused', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const commit = (value: number, key = 'room') =>
        store.commit(id, [make.text(id, String(value))], { fence: { key, value } })
      expect('events' in (await commit(7))).toBe(true)
      expect('events' in (await commit(7))).toBe(true)
      expect('events' in (await commit(3, 'sender'))).toBe(true)
      const before = await everything(store, id)
      expect(await commit(6)).toEqual({ conflict: 'fence' })
      expect(await commit(2, 'sender')).toEqual({ conflict: 'fence' })
      expect(await everything(store, id)).toEqual(before)
      expect('events' in (await commit(8))).toBe(true)
    })

    test('RM-5 commits of events leave the version alone, changes raise it by one', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const version = async (also: Parameters<ConversationStore['commit']>[2]): Promise<number> =>
        committed(await store.commit(id, [make.text(id, 'a')], also)).room.version
      expect(await version(undefined)).toBe(0)
      expect(
        await version({
          receipts: [make.receipt(id)],
          room: { bindings: [make.binding(id, 'x')], participants: [make.participant(id, 'p')] },
        }),
      ).toBe(0)
      expect(await version({ room: { metadata: { set: { a: 1 } }, timers: { inactiveAfterMs: 5 } } })).toBe(1)
      expect(
        await version({ room: { metadata: { set: { a: 1 } }, timers: { inactiveAfterMs: 5 }, status: 'active' } }),
      ).toBe(1)
      expect(await version({ room: { agentResponsePolicy: 'addressedOnly' } })).toBe(2)
      expect(await version({ room: { orchestration: { kind: 'router', id: 'r', version: 1, spec: {} } } })).toBe(3)
      expect(await version({ conversation: { expectedVersion: 0, next: conversationState({ phase: 'x' }) } })).toBe(4)
      expect(await version({ room: { sessionId: 's' } })).toBe(4)
    })

    test('TI-3 only committed events of people and agents count as activity', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id, lastActivityAt } = await newRoom(at)
      await clock.advance(1_000)
      const source = { kind: 'system', channelType: 'system', medium: 'system' } as const
      const quiet = [
        make.draft(id, { source }),
        make.draft(id, { status: 'blocked', blocked: { reason: 'source_muted' } }),
      ]
      expect(committed(await store.commit(id, quiet)).room.lastActivityAt).toBe(lastActivityAt)
      const spoken = [
        make.draft(id, { source: { kind: 'agent', channelId: 'bot', channelType: 'agent', medium: 'text' } }),
        make.draft(id, { source }),
      ]
      expect(committed(await store.commit(id, spoken)).room.lastActivityAt).toBe(make.now())
    })

    test('CS-3 transitions without an instant are stamped by the clock of the store', async () => {
      const at = await setup()
      const { store, clock, make } = at
      const { id } = await newRoom(at)
      await clock.advance(60_000)
      const entry = {
        fromPhase: 'intake',
        toPhase: 'handling',
        fromAgent: null,
        toAgent: null,
        reason: '',
        timestamp: '',
        metadata: {},
      }
      const next = conversationState({ phase: 'handling', phaseHistory: [entry], odd: { kept: true } })
      const { room } = committed(await store.commit(id, [], { conversation: { expectedVersion: 0, next } }))
      expect(room.conversation).toMatchObject({
        phaseStartedAt: make.now(),
        phaseHistory: [{ ...entry, timestamp: make.now() }],
        odd: { kept: true },
      })
      expect((await store.getRoom(id))?.conversation).toEqual(room.conversation)
    })

    test('values given to and got from the store are copies or frozen', async () => {
      const at = await setup()
      const { store, make } = at
      const { id } = await newRoom(at)
      const draft = make.draft(id, { metadata: { tags: ['a'] } })
      const change = (value: { metadata: Record<string, unknown> }): void => {
        try {
          value.metadata['tags'] = ['changed']
        } catch {
          // Frozen: that is the other way to keep the promise.
        }
      }
      const { events } = committed(await store.commit(id, [draft]))
      for (const value of [draft, ...events, ...(await store.events(id))]) change(value)
      expect((await store.events(id))[0]?.metadata).toEqual({ tags: ['a'] })
    })
  })
}
