import { createSeededIds, createVirtualClock } from '@parley/testing'
import type { StatusEntry } from '@parley/spec'
import { expect, test } from 'vitest'
import { createStatusBus, STATUS_ENTRIES, type StatusBus } from './status-bus.ts'

function bus(posted?: (entry: StatusEntry) => void): { status: StatusBus; errors: unknown[] } {
  const errors: unknown[] = []
  const status = createStatusBus({
    clock: createVirtualClock(),
    ids: createSeededIds(1),
    onError: (error) => errors.push(error),
    ...(posted === undefined ? {} : { posted }),
  })
  return { status, errors }
}

const line = { agentId: 'a', action: 'search', status: 'ok' } as const

test('SB-1 keeps the newest 500 entries, and posting never fails its caller', async () => {
  const { status, errors } = bus()
  status.subscribe(() => {
    throw new Error('listener')
  })
  for (let n = 0; n < STATUS_ENTRIES + 10; n++) status.post({ ...line, detail: String(n) })
  await status.postAsync({ ...line, detail: 'x'.repeat(500) })
  const all = status.recent({ n: 10_000 })
  expect(all).toHaveLength(STATUS_ENTRIES)
  expect(all[0]?.detail).toBe('11')
  expect(all.at(-1)?.detail).toHaveLength(200)
  expect(errors).toHaveLength(STATUS_ENTRIES + 11)
  expect(status.recent({ n: 2 }).map(({ detail }) => detail.slice(0, 3))).toEqual(['509', 'xxx'])
  expect(status.recent({ n: 0 })).toEqual([])
})

test('SB-1 is read by room, agent and status', () => {
  const { status } = bus()
  status.post({ ...line, roomId: 'r1', status: 'completed' })
  status.post({ ...line, roomId: 'r2', agentId: 'b', status: 'failed', detail: 'no' })
  expect(status.recent({ agentId: 'b' })).toHaveLength(1)
  expect(status.recent({ status: 'completed' })).toHaveLength(1)
  expect(status.recentText({ roomId: 'r2' })).toBe('2026-01-01T00:00:00.000Z b search failed: no')
  expect(status.hasCompleted('a', 'search')).toBe(true)
  expect(status.hasCompleted('a', 'search', { roomId: 'r2' })).toBe(false)
  expect(status.hasCompleted('b', 'search')).toBe(false)
})

test('SB-3 entries of one room or organization are in no other read', () => {
  const { status } = bus()
  for (const [roomId, organizationId] of [
    ['r1', 'acme'],
    ['r2', 'acme'],
    ['r3', 'other'],
  ] as const)
    status.post({ ...line, roomId, organizationId })
  expect(status.recent({ roomId: 'r1' }).map((entry) => entry.roomId)).toEqual(['r1'])
  expect(status.recent({ organizationId: 'acme' }).map((entry) => entry.roomId)).toEqual(['r1', 'r2'])
  expect(status.recent({ organizationId: 'acme', roomId: 'r3' })).toEqual([])
  expect(status.recentText({ roomId: 'r3' })).not.toContain('r1')
})

test('listeners end with their disposer, and entries of rooms are told on', () => {
  const told: string[] = []
  const { status } = bus((entry) => told.push(entry.roomId ?? ''))
  const heard: string[] = []
  const stop = status.subscribe((entry) => heard.push(entry.id))
  status.post({ ...line, roomId: 'r1' })
  status.post(line)
  stop()
  status.post({ ...line, roomId: 'r2' })
  expect(told).toEqual(['r1', 'r2'])
  expect(heard).toHaveLength(2)
})
