import { createMemoryStore } from '../../packages/kit/src/store/memory-store.ts'
import { createPostgresStore, openDatabase } from '@parley/postgres'
import type {
  CommitExtras,
  ConversationStateJson,
  ConversationStore,
  EventDraft,
  Room,
  SqlDatabase,
} from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** What one step does, in small numbers that make steps meet each other. */
interface Step {
  room: number
  what: 'commit' | 'patch' | 'update' | 'redact' | 'deliver' | 'put' | 'due'
  drafts: { key: number; system: boolean; blocked: boolean }[]
  conversation: number
  version: number
  status: Room['status'] | undefined
  metadata: number
  channel: number
  roster: 'bind' | 'detach' | 'clear' | 'none'
  effect: 'edit' | 'delete' | 'react' | 'unreact' | 'none'
  target: number
  request: 'open' | 'approved' | 'none'
  fence: number
  create: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  room: fc.nat(2),
  what: fc.constantFrom('commit', 'commit', 'commit', 'commit', 'patch', 'update', 'redact', 'deliver', 'put', 'due'),
  drafts: fc.array(fc.record({ key: fc.nat(12), system: fc.boolean(), blocked: fc.boolean() }), { maxLength: 3 }),
  conversation: fc.integer({ min: -3, max: 3 }),
  version: fc.integer({ min: -4, max: 4 }),
  status: fc.constantFrom(undefined, undefined, 'active', 'paused', 'closed', 'archived'),
  metadata: fc.nat(6),
  channel: fc.nat(2),
  roster: fc.constantFrom('bind', 'detach', 'clear', 'none', 'none'),
  effect: fc.constantFrom('edit', 'delete', 'react', 'unreact', 'none', 'none'),
  target: fc.nat(6),
  request: fc.constantFrom('open', 'approved', 'none', 'none'),
  fence: fc.integer({ min: -4, max: 6 }),
  create: fc.boolean(),
})

const at = '2026-01-01T00:00:00.000Z'

function planned(id: string): Room {
  return {
    id,
    status: 'active',
    version: 0,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
    timers: { inactiveAfterMs: 1_500, closedAfterMs: 700 },
    agentResponsePolicy: 'chain',
    metadata: {},
    eventCount: 0,
    latestIndex: -1,
    deliveredIndex: -1,
  }
}

function state(n: number): ConversationStateJson {
  const fields = { phase: `p${n}`, mode: 'agent' as const, activeAgentId: null, previousAgentId: null, handoffCount: 0 }
  return { version: n, ...fields, phaseStartedAt: null, phaseHistory: [], context: { n } }
}

function toDrafts(roomId: string, drafts: Step['drafts'], serial: number): EventDraft[] {
  return drafts.map(({ key, system, blocked }, position) => ({
    id: `e${serial}_${position}`,
    roomId,
    type: 'message',
    status: blocked ? 'blocked' : 'committed',
    source: { kind: system ? 'system' : 'person', channelType: 'websocket', medium: 'text', raw: { serial } },
    content: { type: 'text', text: `text ${serial}` },
    visibility: 'all',
    addressedTo: null,
    chainDepth: 0,
    createdAt: at,
    metadata: {},
    ...(key < 5 ? { idempotencyKey: `k${key}` } : {}),
  }))
}

function toExtras(roomId: string, s: Step, serial: number): CommitExtras {
  const target = { targetEventId: `e${s.target}_0`, draft: 0 }
  const effects: Record<Step['effect'], CommitExtras['effects']> = {
    edit: [{ ...target, kind: 'edit', content: { type: 'text', text: `edited ${serial}` } }],
    delete: [{ ...target, kind: 'delete', by: 'author' }],
    react: [{ ...target, kind: 'reaction', emoji: '+1', by: `p${s.channel}` }],
    unreact: [{ ...target, kind: 'reaction', emoji: '+1', by: `p${s.channel}`, remove: true }],
    none: undefined,
  }
  const channelId = `c${s.channel}`
  const binding = {
    roomId,
    channelId,
    channelType: 'websocket',
    category: 'transport',
    direction: 'both',
    access: 'readWrite',
    attachedAt: at,
  } as const
  const also: CommitExtras = {}
  if (s.conversation >= 0) also.conversation = { expectedVersion: s.conversation, next: state(s.conversation) }
  if (s.fence >= 0) also.fence = { key: 'lock', value: s.fence }
  if (s.request !== 'none') {
    const request = {
      id: `r${s.channel}`,
      roomId,
      kind: 'approval',
      agentId: 'a',
      turnId: 't',
      sensitive: false,
      mode: 'detach',
      createdAt: at,
      expiresAt: at,
    } as const
    also.requests = [{ ...request, status: s.request }]
  }
  const wanted = effects[s.effect]
  if (wanted !== undefined && s.drafts.length > 0) also.effects = wanted
  if (s.metadata % 2 === 0) also.receipts = [{ id: `receipt${serial}`, roomId, kind: 'routing', at, data: { serial } }]
  also.room = {
    ...(s.create ? { create: planned(roomId) } : {}),
    ...(s.status === undefined ? {} : { status: s.status }),
    ...(s.version < 0 ? {} : { expectedVersion: s.version }),
    ...(s.metadata < 3 ? { metadata: { set: { [`m${s.metadata}`]: s.channel }, unset: [`m${s.channel}`] } } : {}),
    ...(s.roster === 'bind'
      ? {
          bindings: [
            {
              ...binding,
              muted: s.create,
              outputMuted: false,
              visibility: 'all',
              capabilities: { content: ['text'] },
              metadata: {},
            },
          ],
        }
      : {}),
    ...(s.roster === 'detach' ? { detach: [channelId] } : {}),
    ...(s.roster === 'clear' ? { clearTombstones: [channelId] } : {}),
  }
  return also
}

async function run(store: ConversationStore, s: Step, serial: number, nowMs: number): Promise<unknown> {
  const roomId = `room${s.room}`
  const { create: _create, ...patch } = toExtras(roomId, s, serial).room ?? {}
  switch (s.what) {
    case 'commit':
      return store.commit(
        roomId,
        toDrafts(roomId, s.drafts, serial),
        s.metadata === 6 ? undefined : toExtras(roomId, s, serial),
      )
    case 'patch':
      return store.patchRoom(roomId, patch)
    case 'update': {
      const room = await store.getRoom(roomId)
      const next = {
        ...(room ?? planned(roomId)),
        metadata: { u: s.metadata },
        ...(s.conversation > 0 ? { conversation: state(s.conversation) } : {}),
      }
      return store.updateRoom(s.version > 0 ? { ...next, version: s.version } : next)
    }
    case 'redact':
      return store.redact(roomId, `e${s.target}_0`, { at, by: 'olga', reason: 'wish' })
    case 'deliver':
      return store.advanceDelivered(roomId, s.conversation, s.version)
    case 'put': {
      const record = { roomId, readerId: `p${s.channel}`, index: s.metadata, at }
      return store.readMarkers.put(
        [record],
        s.create ? { ifAbsent: true } : s.version >= 0 ? { expected: { index: s.version } } : {},
      )
    }
    case 'due':
      return (await store.dueRooms(new Date(nowMs).toISOString(), 10)).map((room) => room.id)
  }
}

const outcomeOf = (result: Promise<unknown>): Promise<unknown> =>
  result.catch((error: unknown) => (error instanceof Error && 'code' in error ? { code: error.code } : { error }))

async function everything(store: ConversationStore): Promise<unknown> {
  const rooms = []
  for (const roomId of ['room0', 'room1', 'room2']) {
    rooms.push({
      context: await store.loadContext(roomId, { tail: 100 }),
      raw: await store.events(roomId, { raw: true }),
      lists: [
        await store.receipts.list({ roomId }),
        await store.requests.list({ roomId }),
        await store.tombstones.list({ roomId }),
        await store.readMarkers.list({ roomId }),
      ],
    })
  }
  const undelivered = (await store.undelivered(10)).map((room) => room.id).toSorted()
  return { rooms, undelivered, found: (await store.findRooms({})).items.map((room) => room.id) }
}

let database: SqlDatabase
beforeAll(async () => {
  database = await openDatabase('memory://')
}, 30_000)
afterAll(() => database.close())

test('ST-1 ST-2 the stores in memory and in SQL answer alike to any history', { timeout: 120_000 }, async () => {
  const prepare = createPostgresStore({ database, clock: createVirtualClock() })
  await prepare.getRoom('none')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const clock = createVirtualClock({ now: Date.parse(at) })
      await database.query(
        'TRUNCATE parley.rooms, parley.room_counters, parley.events, parley.records, parley.identity_addresses',
      )
      const stores = [createMemoryStore({ clock }), createPostgresStore({ database, clock })] as const
      // One room is left to be made by a commit.
      for (const store of stores) for (const id of ['room0', 'room1']) await store.createRoom(planned(id))
      for (const [serial, s] of steps.entries()) {
        await clock.advance(100)
        const [memory, sql] = await Promise.all(stores.map((store) => outcomeOf(run(store, s, serial, clock.now()))))
        expect(sql, `step ${serial}: ${JSON.stringify(s)}`).toEqual(memory)
      }
      expect(await everything(stores[1])).toEqual(await everything(stores[0]))
    }),
    { numRuns: Number(process.env['PARLEY_PROPERTY_RUNS'] ?? 60), interruptAfterTimeLimit: 40_000 },
  )
})
