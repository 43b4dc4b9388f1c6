import type { RunEvent } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { DurableBackendSuiteOptions, DurableSetup } from '../durable-backend.ts'
import { claimed, readEvents, startRun } from './samples.ts'

const seqsOf = (events: readonly RunEvent[]): number[] => events.map((event) => event.seq)
const upTo = (last: number, after = 0): number[] =>
  Array.from({ length: last - after }, (_, index) => after + index + 1)

export function durableEventTests(setup: DurableSetup, { openAgain }: DurableBackendSuiteOptions): void {
  describe('events', () => {
    test('12.2 events are numbered from 1 and stamped in one place', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, {
        events: [
          make.event('run_started'),
          { type: 'step_started', step: 'a', stepKey: 'a@1', attempt: 1, data: { x: null } },
        ],
      })
      const ts = make.now()
      await clock.advance(5)
      await backend.commit(lease, { events: [make.event('run_completed')], run: { status: 'completed' } })
      expect(await readEvents(backend, run.id)).toEqual([
        { seq: 1, ts, type: 'run_started', runId: run.id, data: {} },
        { seq: 2, ts, type: 'step_started', runId: run.id, step: 'a', stepKey: 'a@1', attempt: 1, data: { x: null } },
        { seq: 3, ts: make.now(), type: 'run_completed', runId: run.id, data: {} },
      ])
      expect((await backend.get(run.id))?.updatedAt).toBe(make.now())
    })

    test('13.2 seq is gap-free under commits at once', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const live = readEvents(backend, run.id)
      const commits = await Promise.all(
        Array.from({ length: 30 }, (_, number) =>
          backend.commit(lease, {
            events: Array.from({ length: 1 + (number % 3) }, () => make.event('step_completed', { number })),
          }),
        ),
      )
      const total = 60
      expect(Math.max(...commits.map(({ seq }) => seq))).toBe(total)
      expect(new Set(commits.map(({ seq }) => seq)).size).toBe(30)
      await backend.commit(lease, { events: [make.event('run_completed')], run: { status: 'completed' } })
      const events = await readEvents(backend, run.id)
      expect(seqsOf(events)).toEqual(upTo(total + 1))
      expect(await live).toEqual(events)
      // What one commit wrote stands together.
      const numbers = events.slice(0, total).map((event) => event.data['number'])
      expect(numbers.filter((number, index) => number !== numbers[index - 1])).toHaveLength(30)
    })

    test('12.2 a subscriber from any position hears each event once, while commits run', async () => {
      const plan = fc.record({
        before: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
        during: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        afterSeq: fc.nat(8),
      })
      await fc.assert(
        fc.asyncProperty(plan, async ({ before, during, afterSeq }) => {
          const at = await setup()
          const { backend, make } = at
          const { run, lease } = await startRun(at)
          const write = async (count: number): Promise<unknown> =>
            backend.commit(lease, { events: Array.from({ length: count }, () => make.event()) })
          for (const count of before) await write(count)
          const stored = before.reduce((sum, count) => sum + count, 0)
          const position = Math.min(afterSeq, stored)
          const heard = Promise.all([readEvents(backend, run.id, { afterSeq: position }), readEvents(backend, run.id)])
          for (const count of during) await write(count)
          await backend.commit(lease, { events: [make.event('run_failed')], run: { status: 'failed' } })
          const total = stored + during.reduce((sum, count) => sum + count, 0) + 1
          const [late, all] = await heard
          expect(seqsOf(late)).toEqual(upTo(total, position))
          expect(seqsOf(all)).toEqual(upTo(total))
          expect(late).toEqual(all.slice(position))
        }),
        { numRuns: 12 },
      )
    })

    test.for(['run_completed', 'run_failed', 'run_cancelled', 'run_budget_exceeded'] as const)(
      '12.2 %s ends those who listen, and those who come later',
      async (type) => {
        const at = await setup()
        const { backend, make } = at
        const { run, lease } = await startRun(at)
        const heard = readEvents(backend, run.id)
        await backend.commit(lease, { events: [make.event(), make.event(type)] })
        expect(seqsOf(await heard)).toEqual([1, 2])
        expect(seqsOf(await readEvents(backend, run.id, { afterSeq: 1 }))).toEqual([2])
        expect(await readEvents(backend, run.id, { afterSeq: 2 })).toEqual([])
        expect(await readEvents(backend, run.id, { afterSeq: 9 })).toEqual([])
      },
    )

    test('12.2 a slow subscriber misses nothing and stops nobody', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const controller = new AbortController()
      const slow = backend.subscribe(run.id, 0, controller.signal)[Symbol.asyncIterator]()
      await backend.commit(lease, { events: [make.event()] })
      const heard: number[] = []
      const next = async (): Promise<boolean> => {
        const { value, done } = await slow.next()
        if (done !== true) heard.push(value.seq)
        return done !== true
      }
      await next()
      // More than a queue holds, in commits of which the queue takes a part.
      for (let number = 0; number < 25; number++)
        await backend.commit(lease, { events: Array.from({ length: 60 }, () => make.event()) })
      for (let number = 0; number < 30; number++) await next()
      await backend.commit(lease, { events: [make.event(), make.event('run_completed')] })
      while (await next());
      expect(heard).toEqual(upTo(1 + 25 * 60 + 2))
    })

    test('12.2 an abort ends a subscriber that waits, and the others hear on', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event()] })
      const controller = new AbortController()
      const leaving: number[] = []
      const first = Promise.withResolvers<void>()
      const left = (async () => {
        for await (const event of backend.subscribe(run.id, 0, controller.signal)) {
          leaving.push(event.seq)
          first.resolve()
        }
      })()
      const staying = readEvents(backend, run.id)
      await first.promise
      controller.abort()
      await left
      await backend.commit(lease, { events: [make.event('run_completed')] })
      expect(leaving).toEqual([1])
      expect(seqsOf(await staying)).toEqual([1, 2])
      const aborted = backend.subscribe(run.id, 0, AbortSignal.abort())[Symbol.asyncIterator]()
      expect((await aborted.next()).done).toBe(true)
    })

    test('12.2 an unknown run cannot be followed, and a close ends who follows', async () => {
      const at = await setup()
      const { backend, make } = at
      await expect(readEvents(backend, 'run_unknown')).rejects.toMatchObject({ code: 'run_unknown' })
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event()] })
      const controller = new AbortController()
      const feed = backend.subscribe(run.id, 0, controller.signal)[Symbol.asyncIterator]()
      expect((await feed.next()).value).toMatchObject({ seq: 1 })
      const end = feed.next()
      await backend.close()
      expect((await end).done).toBe(true)
    })

    test('S6 data of an event above 64 KiB is truncated with a mark; below it is whole', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const fits = { text: 'x'.repeat(65_536 - '{"text":""}'.length) }
      const tooLarge = { text: `${fits.text}x`, costUsd: 0.5, tags: ['a'] }
      const live = readEvents(backend, run.id, { count: 2 })
      await backend.commit(lease, { events: [make.event('step_completed', fits), make.event('step_failed', tooLarge)] })
      const events = await readEvents(backend, run.id, { count: 2 })
      expect(events[0]?.data).toEqual(fits)
      const data = events[1]?.data ?? {}
      expect(data).toMatchObject({ costUsd: 0.5, tags: ['a'] })
      expect(data['text']).toMatch(/^x+… \[truncated, \d+ bytes\]$/)
      expect(JSON.stringify(data).length).toBeLessThanOrEqual(65_536)
      expect(JSON.stringify(data).length).toBeGreaterThan(60_000)
      expect(await live).toEqual(events)
    })

    if (openAgain !== undefined) {
      const again = openAgain
      test('13.2 another process reads the journal, takes over, fences, and is heard', async () => {
        const at = await setup()
        const { backend, clock, make } = at
        const { run, lease } = await startRun(at)
        await backend.commit(lease, { events: [make.event()], run: { pauseReason: 'x' }, state: { set: { a: 1 } } })
        const heard = readEvents(backend, run.id)
        const other = await again(at)
        expect(await other.read(run.id)).toEqual(await backend.read(run.id))
        expect(await other.claim(run.id, 'b')).toBeNull()
        await clock.advance(30_000)
        const later = await claimed(other, run.id, 'b')
        await expect(backend.commit(lease, { events: [make.event()] })).rejects.toMatchObject({ code: 'lease_lost' })
        await other.commit(later, { events: [make.event('run_completed')], run: { status: 'completed' } })
        expect(await backend.get(run.id)).toMatchObject({ status: 'completed', pauseReason: 'x' })
        await clock.advance(1_000)
        expect(seqsOf(await heard)).toEqual([1, 2])
        await other.close()
      })
    }
  })
}
