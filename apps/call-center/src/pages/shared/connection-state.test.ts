import { expect, test } from 'vitest'
import { reduceConnection, startConnection } from './connection-state.ts'

test('the seconds of an interruption go on over several attempts', () => {
  let state = reduceConnection(startConnection(0), { status: 'live', nowMs: 10 })
  state = reduceConnection(state, { status: 'reconnecting', nowMs: 1_000 })
  state = reduceConnection(state, { status: 'reconnecting', nowMs: 1_500 })
  expect(state).toEqual({ status: 'reconnecting', sinceMs: 1_000, wasLive: true })
  expect(reduceConnection(state, { status: 'live', nowMs: 2_000 }).sinceMs).toBe(2_000)
})

test('a first connect that fails is not an interruption', () => {
  const state = reduceConnection(startConnection(0), { status: 'reconnecting', nowMs: 300 })
  expect(state.wasLive).toBe(false)
})

test('only an end for good has a reason', () => {
  const live = reduceConnection(startConnection(0), { status: 'live', nowMs: 1, reason: 'stale' })
  expect(live.reason).toBeUndefined()
  expect(reduceConnection(live, { status: 'closed', nowMs: 2, reason: 'The token expired.' }).reason).toBe(
    'The token expired.',
  )
})
