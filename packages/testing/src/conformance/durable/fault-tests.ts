import type { CommitBatch, Lease, RunRecord } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import type { BreakableBackend, DurableBackendSetup, DurableBackendSuiteOptions } from '../durable-backend.ts'
import { claimed, startRun } from './samples.ts'
import type { RunSamples } from './samples.ts'

type World = DurableBackendSetup & { make: RunSamples }

/** Tests of a back end whose database fails at a chosen statement. */
export function durableFaultTests(
  world: () => World,
  open: NonNullable<DurableBackendSuiteOptions['openBreakable']>,
): void {
  describe('faults', () => {
    async function setup(): Promise<World & BreakableBackend & { run: RunRecord; lease: Lease; batch: CommitBatch }> {
      const made = world()
      const { make } = made
      const breakable = await open(made)
      const { run, lease } = await startRun({ ...breakable, make })
      await breakable.backend.commit(lease, { events: [make.event('run_started')] })
      const batch: CommitBatch = {
        events: [make.event(), make.event()],
        run: { status: 'waiting' },
        stepRuns: [make.stepRun(run.id, 'a@1', { output: 'x'.repeat(300_000) })],
        attempts: [make.attempt(run.id, 'a@1')],
        state: { set: { a: 1 } },
        ledger: [make.ledger(run.id, 'k')],
        receipts: [make.receipt(run)],
        waits: [make.wait(run.id)],
      }
      return { ...made, ...breakable, run, lease, batch }
    }

    test.for(['before', 'inside'] as const)(
      '13.2 a failure %s the transaction leaves nothing and is retryable',
      async (when) => {
        const { backend, breakNext, make, run, lease, batch } = await setup()
        const before = await backend.read(run.id)
        breakNext(when)
        await expect(backend.commit(lease, batch)).rejects.toMatchObject({ code: 'store_unavailable', retryable: true })
        expect(await backend.read(run.id)).toEqual(before)
        expect(await backend.receipts({ runId: run.id })).toEqual([])
        expect(await backend.commit(lease, batch)).toEqual({ seq: 3 })
        expect(await backend.commit(lease, { events: [make.event()] })).toEqual({ seq: 4 })
      },
    )

    test('13.2 a commit whose answer was lost is found, answered as written, and heard once', async () => {
      const { backend, breakNext, run, lease, batch, make } = await setup()
      const feed = backend.subscribe(run.id, 0, new AbortController().signal)[Symbol.asyncIterator]()
      const heard = [await feed.next()]
      breakNext('after')
      expect(await backend.commit(lease, batch)).toEqual({ seq: 3 })
      expect((await backend.read(run.id)).run.status).toBe('waiting')
      await backend.commit(lease, { events: [make.event('run_completed')], run: { status: 'completed' } })
      for (let event = heard[0]; event?.done === false; event = await feed.next()) heard.push(event)
      expect(heard.slice(1).map(({ value }) => value.seq)).toEqual([1, 2, 3, 4])
    })

    test('13.2 a claim whose answer was lost is made again', async () => {
      const { backend, breakNext, run, make } = await setup()
      breakNext('after')
      await expect(backend.claim(run.id, 'a')).rejects.toMatchObject({ code: 'store_unavailable' })
      const lease = await claimed(backend, run.id, 'a')
      expect(await backend.commit(lease, { events: [make.event()] })).toEqual({ seq: 2 })
    })
  })
}
