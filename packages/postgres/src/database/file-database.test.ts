import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { EventDraft, Room } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'

import { createPostgresStore } from '../store/postgres-store.ts'
import { openDatabase } from './open-database.ts'

const at = '2026-01-01T00:00:00.000Z'
const room: Room = {
  id: 'room_1',
  status: 'active',
  version: 0,
  createdAt: at,
  updatedAt: at,
  lastActivityAt: at,
  timers: {},
  agentResponsePolicy: 'chain',
  metadata: {},
  eventCount: 0,
  latestIndex: -1,
  deliveredIndex: -1,
}
const draft = (id: string): EventDraft => ({
  id,
  roomId: room.id,
  type: 'message',
  status: 'committed',
  source: { kind: 'person', channelType: 'websocket', medium: 'text' },
  content: { type: 'text', text: id },
  visibility: 'all',
  addressedTo: null,
  chainDepth: 0,
  createdAt: at,
  metadata: {},
})

test('ST-3 a folder keeps rooms and logs over a restart, and indexes go on', { timeout: 60_000 }, async () => {
  const parent = await mkdtemp(join(tmpdir(), 'parley-'))
  const uri = `file:${join(parent, 'deep', 'data')}`
  const clock = createVirtualClock()
  const first = await openDatabase(uri)
  const store = createPostgresStore({ database: first, clock })
  await store.createRoom(room)
  await store.commit(room.id, [draft('a'), draft('b')])
  const before = await store.loadContext(room.id, { tail: 10 })
  await expect(openDatabase(uri)).rejects.toMatchObject({ code: 'store_unavailable', retryable: false })
  await first.close()

  // What a killed process leaves behind hinders nobody.
  await writeFile(join(parent, 'deep', 'data.lock'), '999999999 1')
  const second = await openDatabase(uri)
  const reopened = createPostgresStore({ database: second, clock })
  expect(await reopened.loadContext(room.id, { tail: 10 })).toEqual(before)
  const outcome = await reopened.commit(room.id, [draft('c')])
  expect(outcome).toMatchObject({ events: [{ index: 2 }], room: { eventCount: 3 } })
  await second.close()
  await rm(parent, { recursive: true })
})
