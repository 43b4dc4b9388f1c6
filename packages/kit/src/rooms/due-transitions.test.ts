import type { Room } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sampleRoom } from '../__fixtures__/room-samples.ts'
import { dueTransitions, nextDueMs } from './due-transitions.ts'

const at = (ms: number): string => new Date(ms).toISOString()
const room = (given: Partial<Room>): Room => sampleRoom({ lastActivityAt: at(0), ...given })

test('TI-2 active rooms pause after inactivity and close after the pause, at the instant itself', () => {
  const both = room({ timers: { inactiveAfterMs: 100, closedAfterMs: 50 } })
  expect([99, 100, 149, 150].map((nowMs) => dueTransitions(both, nowMs))).toEqual([
    [],
    ['pause'],
    ['pause'],
    ['pause', 'close'],
  ])
  const paused = room({ ...both, status: 'paused', pausedAt: at(120) })
  expect([169, 170].map((nowMs) => dueTransitions(paused, nowMs))).toEqual([[], ['close']])
})

test('TI-2 without a pause a room closes after its last activity, without timers never', () => {
  const closing = room({ timers: { closedAfterMs: 50 } })
  expect([49, 50].map((nowMs) => dueTransitions(closing, nowMs))).toEqual([[], ['close']])
  expect(dueTransitions(room({}), 1e12)).toEqual([])
  expect(dueTransitions(room({ timers: { inactiveAfterMs: 1 }, status: 'paused', pausedAt: at(5) }), 1e12)).toEqual([])
})

test('TI-2 ended rooms stay as they are', () => {
  for (const status of ['closed', 'archived'] as const) {
    expect(dueTransitions(room({ status, timers: { inactiveAfterMs: 1, closedAfterMs: 1 } }), 1e12)).toEqual([])
  }
})

test('TI-3 activity moves what is due back, a pending close too', () => {
  const timers = { inactiveAfterMs: 100, closedAfterMs: 50 }
  expect(dueTransitions(room({ timers, lastActivityAt: at(140) }), 200)).toEqual([])
  expect(nextDueMs(room({ timers, lastActivityAt: at(140) }))).toBe(240)
})

test('TI-2 something is due exactly from nextDueMs on', () => {
  const ms = fc.nat({ max: 1_000 })
  const timers = fc.record(
    { inactiveAfterMs: fc.integer({ min: 1, max: 500 }), closedAfterMs: fc.integer({ min: 1, max: 500 }) },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(
      timers,
      fc.constantFrom('active' as const, 'paused' as const),
      ms,
      ms,
      (given, status, pausedMs, nowMs) => {
        const one = room({ timers: given, status, ...(status === 'paused' ? { pausedAt: at(pausedMs) } : {}) })
        const dueMs = nextDueMs(one)
        expect(dueTransitions(one, nowMs).length > 0).toBe(dueMs !== undefined && nowMs >= dueMs)
      },
    ),
  )
})
