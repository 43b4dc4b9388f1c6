import type { RunEvent } from '@parley/spec'
import { expect, test } from 'vitest'

import { EventLog } from './event-log.ts'

const ts = '2026-01-01T00:00:00.000Z'
const never = new AbortController().signal
const completed = { type: 'step_completed' as const, data: {} }

async function drain(feed: AsyncIterable<RunEvent>): Promise<number[]> {
  const seqs: number[] = []
  for await (const { seq } of feed) seqs.push(seq)
  return seqs
}

test('S6 10,000 may follow a run, one more is refused, and a place is free when one leaves', async () => {
  const log = new EventLog('run_1')
  log.append([completed], ts)
  const feeds = Array.from({ length: 10_000 }, () => log.follow(0, never))
  await Promise.all(feeds.map((feed) => feed.next()))
  await expect(log.follow(0, never).next()).rejects.toMatchObject({
    code: 'limit_exceeded',
    details: { limit: 'subscribers', max: 10_000, actual: 10_001 },
  })
  await feeds[0]?.return(undefined)
  expect((await log.follow(0, never).next()).value).toMatchObject({ seq: 1 })
  const rest = Promise.all(feeds.slice(1).map(drain))
  log.append([{ type: 'run_completed', data: {} }], ts)
  log.wake()
  expect(new Set((await rest).flat())).toEqual(new Set([2]))
})

test('12.2 followers hear of a batch only when all of it is written', async () => {
  const log = new EventLog('run_1')
  const heard: number[] = []
  const following = (async () => {
    for await (const { seq } of log.follow(0, never)) heard.push(seq)
  })()
  await Promise.resolve()
  log.append([completed], ts)
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toEqual([])
  log.wake()
  await new Promise((resolve) => setImmediate(resolve))
  expect(heard).toEqual([1])
  log.close()
  await following
})

test('12.2 data is kept as it was given, without a copy, unless it is too large', () => {
  const log = new EventLog('run_1')
  const data = { output: { a: [1] } }
  expect(log.append([{ type: 'step_completed', data }], ts)).toBe(false)
  expect(log.append([{ type: 'run_failed', data }], ts)).toBe(true)
  expect(log.lastSeq).toBe(2)
})
