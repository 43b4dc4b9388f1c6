import { describe, expect, test } from 'vitest'

import type { DurableSetup } from '../durable-backend.ts'
import { startRun } from './samples.ts'

const dayMs = 24 * 60 * 60 * 1_000

export function durableWaitTests(setup: DurableSetup): void {
  describe('waits', () => {
    test('12.3 a wait is found by its id and by its token', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id)
      const timer = make.wait(run.id, { kind: 'timer' })
      delete timer.tokenHash
      await backend.commit(lease, { events: [make.event('wait_created')], waits: [wait, timer] })
      const tokenHash = wait.tokenHash ?? ''
      expect(await backend.findWait({ id: wait.id })).toEqual(wait)
      expect(await backend.findWait({ tokenHash })).toEqual(wait)
      expect(await backend.findWait({ id: wait.id, tokenHash })).toEqual(wait)
      expect(await backend.findWait({ id: timer.id })).toEqual(timer)
      for (const by of [{ id: 'wait_unknown' }, { tokenHash: 'unknown' }, { id: timer.id, tokenHash }, {}])
        await expect(backend.findWait(by)).rejects.toMatchObject({ code: 'wait_unknown' })
    })

    test('12.3 an answer is single-use: the same key gives the same answer, another is refused', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id)
      await backend.commit(lease, { events: [make.event('wait_created')], waits: [wait] })
      const answer = make.answer({ data: null, by: 'ada', idempotencyKey: 'k' })
      const resolved = { ...wait, status: 'resolved', resolution: answer }
      expect(await backend.resolveWait(wait.id, answer)).toEqual({ wait: resolved, first: true })
      const again = make.answer({ decision: 'rejected', idempotencyKey: 'k' })
      expect(await backend.resolveWait(wait.id, again)).toEqual({ wait: resolved, first: false })
      for (const other of [make.answer({ idempotencyKey: 'k2' }), make.answer()])
        await expect(backend.resolveWait(wait.id, other)).rejects.toMatchObject({ code: 'wait_resolved' })
      expect((await backend.read(run.id)).waits).toEqual([resolved])
      await expect(backend.resolveWait('wait_unknown', answer)).rejects.toMatchObject({ code: 'wait_unknown' })
    })

    test('12.3 an answer without a key cannot be repeated', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id)
      await backend.commit(lease, { events: [], waits: [wait] })
      await backend.resolveWait(wait.id, make.answer())
      await expect(backend.resolveWait(wait.id, make.answer())).rejects.toMatchObject({ code: 'wait_resolved' })
    })

    test('12.3 of answers that come at once one counts', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id)
      await backend.commit(lease, { events: [], waits: [wait] })
      const answers = await Promise.allSettled(
        Array.from({ length: 6 }, (_, number) =>
          backend.resolveWait(wait.id, make.answer({ data: number, idempotencyKey: `k${number}` })),
        ),
      )
      const first = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      expect(first).toHaveLength(1)
      expect(await backend.findWait({ id: wait.id })).toEqual(first[0]?.wait)
    })

    test('12.3 a wait that closed stays closed, whatever the engine still writes of it', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const [answered, late, dropped] = [make.wait(run.id), make.wait(run.id), make.wait(run.id)]
      await backend.commit(lease, { events: [], waits: [answered, late, dropped] })
      const { wait } = await backend.resolveWait(answered.id, make.answer({ data: 0 }))
      await backend.commit(lease, { events: [], waits: [{ ...answered, status: 'cancelled' }] })
      expect(await backend.findWait({ id: answered.id })).toEqual(wait)
      const expired = await backend.resolveWait(late.id, make.answer({ decision: 'timeout' }))
      expect(expired.wait.status).toBe('expired')
      await expect(backend.resolveWait(late.id, make.answer())).rejects.toMatchObject({ code: 'wait_expired' })
      await backend.commit(lease, { events: [], waits: [{ ...dropped, status: 'cancelled' }] })
      expect((await backend.findWait({ id: dropped.id })).status).toBe('cancelled')
      await expect(backend.resolveWait(dropped.id, make.answer())).rejects.toMatchObject({ code: 'wait_expired' })
    })

    test.for(['default', 'timeout', 'timer', 'event'] as const)('12.3 how %s closes a wait', async (decision) => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id)
      await backend.commit(lease, { events: [], waits: [wait] })
      const { wait: closed } = await backend.resolveWait(wait.id, make.answer({ decision }))
      expect(closed.status).toBe(decision === 'default' || decision === 'timeout' ? 'expired' : 'resolved')
    })

    test('12.3 a signal is taken once, and kept for 24 h for a wait that is opened later', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { run } = await startRun(at)
      const first = await backend.signal(run.id, 'paid', { cents: 0 })
      expect(first).toEqual({
        id: first.id,
        runId: run.id,
        name: 'paid',
        data: { cents: 0 },
        at: make.now(),
        taken: false,
      })
      await clock.advance(1)
      const second = await backend.signal(run.id, 'paid', null)
      expect((await backend.read(run.id)).signals).toEqual([first, second])
      expect(await backend.takeSignal(first.id)).toBe(true)
      expect(await backend.takeSignal(first.id)).toBe(false)
      expect(await backend.takeSignal('sig_unknown')).toBe(false)
      expect((await backend.read(run.id)).signals).toEqual([second])
      await clock.advance(dayMs)
      expect((await backend.read(run.id)).signals).toEqual([second])
      await clock.advance(1)
      expect((await backend.read(run.id)).signals).toEqual([])
      expect(await backend.takeSignal(second.id)).toBe(false)
    })

    test('12.3 a signal to an open wait is kept as long as the wait is open', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const { run, lease } = await startRun(at)
      const wait = make.wait(run.id, { kind: 'event', name: 'paid' })
      const other = make.wait(run.id, { kind: 'event', name: 'shipped' })
      await backend.commit(lease, { events: [], waits: [wait] })
      const [paid, shipped] = [await backend.signal(run.id, 'paid', 1), await backend.signal(run.id, 'shipped', 2)]
      await clock.advance(2 * dayMs)
      // Opened more than 24 h after its signal.
      await backend.commit(lease, { events: [], waits: [{ ...other, createdAt: make.now() }] })
      expect((await backend.read(run.id)).signals).toEqual([paid])
      expect(await backend.takeSignal(shipped.id)).toBe(false)
      expect(await backend.takeSignal(paid.id)).toBe(true)
    })

    test('12.3 of those who take a signal at once one gets it', async () => {
      const at = await setup()
      const { run } = await startRun(at)
      const { id } = await at.backend.signal(run.id, 'go', null)
      const taken = await Promise.all(Array.from({ length: 5 }, () => at.backend.takeSignal(id)))
      expect(taken.filter(Boolean)).toHaveLength(1)
    })

    test('12.3 a run that is unknown or over takes no signal', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event('run_failed')], run: { status: 'failed' } })
      await expect(backend.signal(run.id, 'go', null)).rejects.toMatchObject({ code: 'run_terminal' })
      await expect(backend.signal('run_unknown', 'go', null)).rejects.toMatchObject({ code: 'run_unknown' })
    })
  })
}
