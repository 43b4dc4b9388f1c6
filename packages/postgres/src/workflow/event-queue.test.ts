import type { RunEvent } from '@parley/spec'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { EventQueue } from './event-queue.ts'
import { RunSubscribers } from './run-subscribers.ts'

const event = (seq: number): RunEvent => ({ seq, ts: '', type: 'step_completed', runId: 'run_1', data: {} })

test('12.2 a queue holds 1,000 events and then sends its subscriber to the table', () => {
  const queue = new EventQueue()
  queue.catchUp()
  queue.push(Array.from({ length: 1_000 }, (_, index) => event(index + 1)))
  expect([queue.size, queue.isBehind]).toEqual([1_000, false])
  queue.push([event(1_001)])
  expect([queue.size, queue.isBehind]).toEqual([1_000, true])
})

test('12.2 whatever is queued, dropped and read between, each event is heard once and in order', () => {
  const action = fc.oneof(
    fc.record({ type: fc.constant('commit' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ type: fc.constant('hear' as const), count: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ type: fc.constant('unheardCommit' as const), count: fc.integer({ min: 1, max: 3 }) }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), (actions, capacity) => {
      const queue = new EventQueue(capacity)
      const table: RunEvent[] = []
      const heard: number[] = []
      const hear = (): boolean => {
        const seq = heard.at(-1) ?? 0
        const queued = queue.take(seq)
        if (queued !== undefined) return heard.push(queued.seq) > 0
        if (!queue.isBehind) return false
        queue.catchUp()
        for (const { seq: stored } of table.slice(seq)) heard.push(stored)
        return true
      }
      for (const { type, count } of actions) {
        const added = Array.from({ length: count }, (_, index) => event(table.length + index + 1))
        if (type === 'hear') for (let number = 0; number < count; number++) hear()
        else {
          table.push(...added)
          if (type === 'commit') queue.push(added)
        }
        expect(queue.size).toBeLessThanOrEqual(capacity)
      }
      // What another process wrote is found at the next look.
      queue.fallBehind()
      while (hear());
      expect(heard).toEqual(table.map(({ seq }) => seq))
    }),
  )
})

test('12.2 news wakes whoever waits, and comes at once when there is something already', async () => {
  const queue = new EventQueue()
  await queue.news()
  queue.catchUp()
  const waiting = queue.news()
  queue.push([event(1)])
  await waiting
  await queue.news()
})

test('S6 10,000 may listen to a run, and one more is refused', () => {
  const subscribers = new RunSubscribers()
  const queues = Array.from({ length: 10_000 }, () => subscribers.add('run_1'))
  expect(() => subscribers.add('run_1')).toThrow(expect.objectContaining({ code: 'limit_exceeded' }))
  subscribers.add('run_2')
  const [first] = queues
  if (first !== undefined) subscribers.remove('run_1', first)
  subscribers.add('run_1')
  for (const queue of queues) subscribers.remove('run_1', queue)
  expect(subscribers.has('run_1')).toBe(true)
})
