import type { RunRecord } from '@parley/spec'
import { describe, expect, test } from 'vitest'

import type { DurableSetup } from '../durable-backend.ts'
import { claimed, readEvents, startRun } from './samples.ts'

const idsOf = (runs: readonly RunRecord[]): string[] => runs.map((run) => run.id)

export function durableRunTests(setup: DurableSetup): void {
  describe('runs', () => {
    test('13.2 a run is kept as it was given, with its definition', async () => {
      const { backend, make } = await setup()
      const definition = make.definition({ metadata: { z: 1, a: { y: [null, false, 0, ''], b: 'ü' } } })
      const planned = make.run(definition, {
        input: null,
        budget: { maxCostUsd: 0.5 },
        forkedFrom: { runId: 'run_0', step: 'facts' },
        roomId: 'room_1',
      })
      expect(await backend.createRun(planned, definition)).toEqual({ run: planned, created: true })
      expect(await backend.get(planned.id)).toEqual(planned)
      expect(await backend.definition(definition.hash)).toEqual(definition)
      expect(await backend.get('run_unknown')).toBeUndefined()
      expect(await backend.definition('unknown')).toBeUndefined()
    })

    test('13.2 an idempotency key gives the same run, within its tenant', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      const first = await backend.createRun(make.run(definition), definition, { idempotencyKey: 'k' })
      expect(first).toMatchObject({ created: true, run: { idempotencyKey: 'k' } })
      const again = await backend.createRun(make.run(definition, { input: 'other' }), definition, {
        idempotencyKey: 'k',
      })
      expect(again).toEqual({ run: first.run, created: false })
      const foreign = await backend.createRun(make.run(definition, { tenantId: 'other' }), definition, {
        idempotencyKey: 'k',
      })
      expect(foreign.created).toBe(true)
      const other = await backend.createRun(make.run(definition), definition, { idempotencyKey: 'k2' })
      expect(other.created).toBe(true)
      expect((await backend.list({})).runs).toHaveLength(3)
    })

    test('13.2 starts at once with one idempotency key make one run', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      const made = await Promise.all(
        Array.from({ length: 8 }, () => backend.createRun(make.run(definition), definition, { idempotencyKey: 'k' })),
      )
      expect(made.filter(({ created }) => created)).toHaveLength(1)
      expect(new Set(made.map(({ run }) => run.id)).size).toBe(1)
    })

    test('13.2 an id is one run; another tenant does not get to see it', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      const run = make.run(definition)
      await backend.createRun(run, definition)
      expect(await backend.createRun({ ...run, input: 'other' }, definition)).toEqual({ run, created: false })
      await expect(backend.createRun({ ...run, tenantId: 'other' }, definition)).rejects.toMatchObject({
        code: 'invalid_options',
      })
    })

    test('13.2 runs are listed by the session that they belong to', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      const runs: RunRecord[] = []
      for (const sessionId of ['session_1', 'session_2', 'session_1', undefined]) {
        const fields = sessionId === undefined ? {} : { sessionId }
        runs.push((await backend.createRun(make.run(definition, fields), definition)).run)
      }
      expect(idsOf((await backend.list({ sessionId: 'session_1' })).runs)).toEqual([runs[2]?.id, runs[0]?.id])
      expect((await backend.list({ sessionId: 'session_3' })).runs).toEqual([])
    })

    test('13.2 runs are listed newest first, by page, tenant, status, task and workflow', async () => {
      const { backend, make } = await setup()
      const mine = make.definition({ name: 'mine' })
      const runs: RunRecord[] = []
      for (let number = 0; number < 7; number++) {
        const fields = { tenantId: number % 2 === 0 ? 'acme' : 'other', taskId: `task_${number % 3}` }
        runs.push((await backend.createRun(make.run(mine, fields), mine)).run)
      }
      const newest = idsOf(runs).reverse()
      const pages: string[][] = []
      let cursor: string | undefined
      do {
        const page = await backend.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) })
        pages.push(idsOf(page.runs))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(pages).toEqual([newest.slice(0, 3), newest.slice(3, 6), newest.slice(6)])
      expect(idsOf((await backend.list({ tenantId: 'acme' })).runs)).toEqual(
        newest.filter((_id, position) => position % 2 === 0),
      )
      expect(idsOf((await backend.list({ taskId: 'task_1' })).runs)).toEqual([runs[4]?.id, runs[1]?.id])
      expect(idsOf((await backend.list({ workflow: 'mine' })).runs)).toEqual(newest)
      expect((await backend.list({ workflow: 'none' })).runs).toEqual([])
      const [first] = runs
      const lease = await claimed(backend, first?.id ?? '')
      await backend.commit(lease, { events: [], run: { status: 'waiting' } })
      expect(idsOf((await backend.list({ status: ['waiting', 'failed'] })).runs)).toEqual([first?.id])
      expect((await backend.list({ status: [] })).runs).toEqual([])
      const both = await backend.list({ status: ['running'], tenantId: 'acme', limit: 1 })
      expect(idsOf(both.runs)).toEqual([runs[6]?.id])
    })

    test('13.2 a page holds 50 runs unless asked, and a wrong cursor or limit is refused', async () => {
      const { backend, make } = await setup()
      const definition = make.definition()
      for (let number = 0; number < 52; number++) await backend.createRun(make.run(definition), definition)
      const first = await backend.list({})
      expect(first.runs).toHaveLength(50)
      const rest = await backend.list({ cursor: first.cursor ?? '' })
      expect(rest.runs).toHaveLength(2)
      expect(rest.cursor).toBeUndefined()
      await expect(backend.list({ cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_options' })
      await expect(backend.list({ limit: -1 })).rejects.toMatchObject({ code: 'invalid_options' })
    })

    test('13.2 purge removes what ended before, with all that belongs to it, and nothing else', async () => {
      const at = await setup()
      const { backend, clock, make } = at
      const old = await startRun(at, { idempotencyKey: 'k' })
      const wait = make.wait(old.run.id)
      const large = 'x'.repeat(300_000)
      await backend.commit(old.lease, {
        events: [make.event()],
        waits: [wait],
        stepRuns: [make.stepRun(old.run.id, 'a@1', { output: large })],
        receipts: [make.receipt(old.run)],
      })
      const signal = await backend.signal(old.run.id, 'go', null)
      const sharing = await startRun(at)
      await backend.commit(sharing.lease, { events: [make.event()], state: { set: { large } } })
      await backend.commit(old.lease, { events: [make.event('run_completed')], run: { status: 'completed' } })
      await clock.advance(1_000)
      const cut = make.now()
      const late = await startRun(at)
      await backend.commit(late.lease, { events: [make.event('run_failed')], run: { status: 'failed' } })
      expect(await backend.purge(cut)).toBe(1)
      expect(await backend.get(old.run.id)).toBeUndefined()
      await expect(backend.read(old.run.id)).rejects.toMatchObject({ code: 'run_unknown' })
      await expect(backend.findWait({ id: wait.id })).rejects.toMatchObject({ code: 'wait_unknown' })
      await expect(backend.findWait({ tokenHash: wait.tokenHash ?? '' })).rejects.toMatchObject({
        code: 'wait_unknown',
      })
      await expect(readEvents(backend, old.run.id)).rejects.toMatchObject({ code: 'run_unknown' })
      expect(await backend.takeSignal(signal.id)).toBe(false)
      expect(await backend.receipts({ taskId: old.run.taskId })).toEqual([])
      expect((await backend.read(sharing.run.id)).state).toEqual({ large })
      expect((await backend.get(late.run.id))?.status).toBe('failed')
      expect(await backend.purge(cut)).toBe(0)
      const definition = make.definition()
      const again = await backend.createRun(make.run(definition), definition, { idempotencyKey: 'k' })
      expect(again.created).toBe(true)
    })
  })
}
