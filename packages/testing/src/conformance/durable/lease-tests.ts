import { describe, expect, test } from 'vitest'

import type { DurableSetup } from '../durable-backend.ts'
import { claimed, readEvents, startRun } from './samples.ts'

export function durableLeaseTests(setup: DurableSetup): void {
  describe('leases', () => {
    test('13.2 a run is held by one executor, for 30 s', async () => {
      const at = await setup()
      const { backend, clock } = at
      const { run, lease } = await startRun(at)
      expect(lease).toMatchObject({ runId: run.id, executorId: 'a', epoch: 1 })
      expect(Date.parse(lease.expiresAt)).toBe(clock.now() + 30_000)
      await clock.advance(29_999)
      expect(await backend.claim(run.id, 'b')).toBeNull()
      expect(await backend.orphans()).toEqual([])
      await clock.advance(1)
      expect(await backend.orphans()).toEqual([run.id])
      expect(await claimed(backend, run.id, 'b')).toMatchObject({ executorId: 'b', epoch: 2 })
      await expect(backend.claim('run_unknown', 'a')).rejects.toMatchObject({ code: 'run_unknown' })
    })

    test('13.2 of executors that claim a run at once one gets it', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      const { run } = await backend.createRun(make.run(definition), definition)
      const leases = await Promise.all(
        Array.from({ length: 6 }, (_, number) => backend.claim(run.id, `executor_${number}`)),
      )
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1)
    })

    test('13.2 a lease lives on with commits and with signs of its executor', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { run, lease } = await startRun(at)
      await clock.advance(20_000)
      await backend.commit(lease, { events: [make.event()] })
      await clock.advance(20_000)
      expect(await backend.claim(run.id, 'b')).toBeNull()
      expect(Date.parse((await backend.heartbeat?.('a')) ?? '')).toBe(clock.now() + 30_000)
      await clock.advance(29_999)
      expect(await backend.claim(run.id, 'b')).toBeNull()
      expect(await backend.orphans()).toEqual([])
      await clock.advance(1)
      expect(await backend.claim(run.id, 'b')).not.toBeNull()
    })

    test('13.2 a lease that ran out may write as long as nobody took the run over', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { lease } = await startRun(at)
      await clock.advance(60_000)
      expect(await backend.commit(lease, { events: [make.event()] })).toEqual({ seq: 1 })
    })

    test('13.2 lease_lost: a writer that was overtaken writes nothing at all', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event()], state: { set: { a: 1 } } })
      await clock.advance(30_000)
      const later = await claimed(backend, run.id, 'b')
      const before = await backend.read(run.id)
      const batch = {
        events: [make.event('run_completed')],
        run: { status: 'completed' as const, output: 1 },
        stepRuns: [make.stepRun(run.id, 'a@1')],
        attempts: [make.attempt(run.id, 'a@1')],
        state: { set: { a: 2 }, unset: ['b'] },
        ledger: [make.ledger(run.id, 'k')],
        receipts: [make.receipt(run)],
        waits: [make.wait(run.id)],
      }
      await expect(backend.commit(lease, batch)).rejects.toMatchObject({ code: 'lease_lost' })
      await expect(backend.load(lease)).rejects.toMatchObject({ code: 'lease_lost' })
      expect(await backend.read(run.id)).toEqual(before)
      expect(await backend.receipts({ runId: run.id })).toEqual([])
      expect(await readEvents(backend, run.id, { count: 1 })).toHaveLength(1)
      expect(await backend.commit(later, { events: [make.event()] })).toEqual({ seq: 2 })
      expect((await backend.load(later)).lastSeq).toBe(2)
    })

    test('13.2 an executor fences its own earlier lease', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const again = await claimed(backend, run.id, 'a')
      expect(again.epoch).toBeGreaterThan(lease.epoch)
      await expect(backend.commit(lease, { events: [make.event()] })).rejects.toMatchObject({ code: 'lease_lost' })
      expect(await backend.commit(again, { events: [make.event()] })).toEqual({ seq: 1 })
    })

    test('13.2 a released run is free at once, and its lease is of no more use', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.release(lease)
      expect(await backend.orphans()).toEqual([run.id])
      await expect(backend.commit(lease, { events: [make.event()] })).rejects.toMatchObject({ code: 'lease_lost' })
      const later = await claimed(backend, run.id, 'b')
      await backend.release(lease)
      expect(await backend.commit(later, { events: [make.event()] })).toEqual({ seq: 1 })
    })

    test('13.2 a run that is over is held by nobody and is no orphan', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event('run_cancelled')], run: { status: 'cancelled' } })
      expect(await backend.claim(run.id, 'a')).toBeNull()
      expect(await backend.orphans()).toEqual([])
    })
  })
}
