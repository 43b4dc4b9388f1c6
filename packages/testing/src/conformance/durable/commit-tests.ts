import type { CommitBatch, Json } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { DurableSetup } from '../durable-backend.ts'
import { readEvents, startRun } from './samples.ts'

/** Values that a store might change on the way. */
const oddValues: { [name: string]: Json } = {
  order: { z: 1, a: 2, 10: 3, 9: 4, nested: { b: null, a: [] } },
  falsy: [0, false, '', null],
  numbers: [0.1, 1e300, -5, 9_007_199_254_740_991, 1.5e-9],
  text: 'NUL \u0000, half a pair \ud800, emoji \u{1f600}, "quotes" \\ and\nlines {with, commas}',
  keys: { 'a\u0000b': 1, 'ü "x"': 2, '': 3 },
  deep: [[[[[{ a: [[]] }]]]]],
}

export function durableCommitTests(setup: DurableSetup): void {
  describe('commits', () => {
    test('13.2 a journal gives back records of every kind', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease, definition } = await startRun(at)
      const stepRuns = [
        make.stepRun(run.id, 'b@1', {
          seq: 1,
          output: { ok: true },
          verified: true,
          modelId: 'fast',
          receiptIds: ['r1'],
        }),
        make.stepRun(run.id, 'a@1#3', { seq: 2, status: 'failed', error: { code: 'step_failed', message: 'no' } }),
        make.stepRun(run.id, 'c@1', { seq: 3, status: 'skipped', skip: { kind: 'dependency', because: 'a' } }),
        make.stepRun(run.id, 'd@1', { seq: 4, output: null, costNanoUsd: null, retryAt: make.now() }),
      ]
      const attempts = [
        make.attempt(run.id, 'a@1#3', { status: 'failure', class: 'timeout', dispatch: 2 }),
        make.attempt(run.id, 'a@1#3', { attempt: 2, status: 'unknown' }),
      ]
      const ledger = [
        make.ledger(run.id, 'k'),
        make.ledger(run.id, 'k', { kind: 'settle', costNanoUsd: null, basis: 'estimate' }),
      ]
      const wait = make.wait(run.id, { match: { a: 1 }, schema: { type: 'object' }, approvers: ['ada'] })
      const batch: CommitBatch = {
        events: [make.event('step_started'), make.event('step_completed', { output: [1] })],
        run: { status: 'waiting', output: false, outputs: { a: null }, startedAt: make.now(), planVersion: 2 },
        stepRuns,
        attempts,
        state: { set: { a: 0, b: null, c: oddValues['order'] ?? null } },
        ledger,
        receipts: [make.receipt(run)],
        waits: [wait],
      }
      expect(await backend.commit(lease, batch)).toEqual({ seq: 2 })
      const journal = await backend.load(lease)
      expect(journal).toEqual({
        run: {
          ...run,
          status: 'waiting',
          output: false,
          outputs: { a: null },
          startedAt: make.now(),
          planVersion: 2,
          updatedAt: make.now(),
        },
        definition,
        stepRuns,
        attempts,
        state: batch.state?.set,
        ledger,
        waits: [wait],
        signals: [],
        lastSeq: 2,
      })
      expect(await backend.read(run.id)).toEqual(journal)
      expect(await backend.get(run.id)).toEqual(journal.run)
      expect(await backend.receipts({ runId: run.id })).toEqual(batch.receipts)
      await expect(backend.read('run_unknown')).rejects.toMatchObject({ code: 'run_unknown' })
    })

    test.for(Object.entries(oddValues))(
      'W-21 a value is given back as it was written, to the order of its keys: %s',
      async ([, value]) => {
        const at = await setup()
        const { backend, make } = at
        const { run, lease } = await startRun(at, { input: value })
        await backend.commit(lease, {
          events: [make.event('step_completed', { value })],
          run: { output: value, outputs: { value } },
          stepRuns: [make.stepRun(run.id, 'a@1', { output: value })],
          state: { set: { value } },
        })
        const journal = await backend.read(run.id)
        const [event] = await readEvents(backend, run.id, { count: 1 })
        const given = [
          journal.run.input,
          journal.run.output,
          journal.run.outputs?.['value'],
          journal.stepRuns[0]?.output,
          journal.state['value'],
          event?.data['value'],
        ]
        for (const found of given) expect(JSON.stringify(found)).toBe(JSON.stringify(value))
      },
    )

    test('13.2 records replace those of the same key, and in one batch the last counts', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const open = make.receipt(run)
      await backend.commit(lease, {
        events: [make.event()],
        stepRuns: [make.stepRun(run.id, 'a@1', { status: 'running' })],
        attempts: [make.attempt(run.id, 'a@1', { status: 'running' })],
        receipts: [open, make.receipt(run)],
      })
      const closed = { ...open, execution: { ...open.execution, status: 'success' as const, actualCostNanoUsd: 5 } }
      await backend.commit(lease, {
        events: [],
        stepRuns: [
          make.stepRun(run.id, 'a@1', { status: 'validating', output: 1 }),
          make.stepRun(run.id, 'a@1', { status: 'completed', output: 2 }),
        ],
        attempts: [
          make.attempt(run.id, 'a@1', { status: 'failure' }),
          make.attempt(run.id, 'a@1', { status: 'success' }),
          make.attempt(run.id, 'a@1', { attempt: 3, status: 'running' }),
          make.attempt(run.id, 'a@1', { attempt: 2, status: 'lost' }),
        ],
        receipts: [open, closed],
        state: { set: { a: 1, b: 2 } },
      })
      const journal = await backend.read(run.id)
      expect(journal.stepRuns.map(({ status, output }) => [status, output])).toEqual([['completed', 2]])
      expect(journal.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
        [1, 'success'],
        [2, 'lost'],
        [3, 'running'],
      ])
      const receipts = await backend.receipts({ runId: run.id })
      expect(receipts).toHaveLength(2)
      expect(receipts[0]).toEqual(closed)
    })

    test('13.2 state is set and taken away, and what is taken away goes first', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event()], state: { set: { a: 1, b: null, c: 3 } } })
      await backend.commit(lease, { events: [], state: { set: { c: 4 }, unset: ['a', 'c', 'never'] } })
      expect((await backend.read(run.id)).state).toEqual({ b: null, c: 4 })
      await backend.commit(lease, { events: [make.event()], state: { set: { a: 5 }, unset: ['b', 'b'] } })
      expect((await backend.read(run.id)).state).toEqual({ a: 5, c: 4 })
    })

    test('13.2 a field of the run that is undefined is taken away, the others stay', async () => {
      const at = await setup()
      const { backend } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, {
        events: [],
        run: { pauseReason: 'budget', externalId: 'e', status: 'paused', output: 1 },
      })
      expect(await backend.get(run.id)).toMatchObject({ pauseReason: 'budget', output: 1 })
      await backend.commit(lease, { events: [], run: { pauseReason: undefined, output: undefined, status: 'running' } })
      const after = await backend.get(run.id)
      expect(after).toMatchObject({ status: 'running', externalId: 'e' })
      expect(after).not.toHaveProperty('pauseReason')
      expect(after).not.toHaveProperty('output')
    })

    test('13.2 a new plan is kept with the batch that names it', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const plan = make.definition({ name: 'report' })
      await backend.commit(lease, {
        events: [make.event('plan_ready')],
        definition: plan,
        run: { definitionHash: plan.hash, planVersion: 2 },
      })
      expect((await backend.read(run.id)).definition).toEqual(plan)
      expect(await backend.definition(plan.hash)).toEqual(plan)
    })

    test('13.2 the ledger keeps each movement once, as it was first', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const first = make.ledger(run.id, 'k')
      const settled = make.ledger(run.id, 'k', { kind: 'settle', costNanoUsd: 7 })
      await backend.commit(lease, { events: [make.event()], ledger: [first] })
      await backend.commit(lease, {
        events: [],
        ledger: [
          make.ledger(run.id, 'k', { costNanoUsd: 99 }),
          settled,
          make.ledger(run.id, 'k', { kind: 'settle', costNanoUsd: 8 }),
        ],
      })
      expect((await backend.read(run.id)).ledger).toEqual([first, settled])
    })

    test('13.2 a batch that is refused leaves nothing', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      const other = await startRun(at)
      const wait = make.wait(other.run.id)
      await backend.commit(other.lease, { events: [make.event()], waits: [wait] })
      const before = await backend.read(run.id)
      const batch = (bad: CommitBatch['waits']): CommitBatch => ({
        events: [make.event()],
        run: { status: 'waiting' },
        stepRuns: [make.stepRun(run.id, 'a@1')],
        attempts: [make.attempt(run.id, 'a@1')],
        state: { set: { a: 1 } },
        ledger: [make.ledger(run.id, 'k')],
        receipts: [make.receipt(run)],
        waits: [make.wait(run.id), ...(bad ?? [])],
      })
      const sameToken = make.wait(run.id, { tokenHash: wait.tokenHash ?? '' })
      await expect(backend.commit(lease, batch([sameToken]))).rejects.toMatchObject({ code: 'invalid_options' })
      const sameId = make.wait(run.id, { id: wait.id })
      await expect(backend.commit(lease, batch([sameId]))).rejects.toMatchObject({ code: 'invalid_options' })
      expect(await backend.read(run.id)).toEqual(before)
      expect(await backend.receipts({ runId: run.id })).toEqual([])
      expect((await backend.read(other.run.id)).waits).toEqual([wait])
      expect(await backend.commit(lease, batch([]))).toEqual({ seq: 1 })
      expect((await backend.read(run.id)).waits).toHaveLength(1)
    })

    test('13.2 nothing comes after the end but records: no event, and no second end', async () => {
      const at = await setup()
      const { backend, make } = at
      const { run, lease } = await startRun(at)
      await backend.commit(lease, { events: [make.event('run_completed')], run: { status: 'completed' } })
      const before = await backend.read(run.id)
      const late = { events: [make.event('late_result')], state: { set: { a: 1 } } }
      await expect(backend.commit(lease, late)).rejects.toMatchObject({ code: 'run_terminal' })
      expect(await backend.read(run.id)).toEqual(before)
      expect(await backend.commit(lease, { events: [], receipts: [make.receipt(run)] })).toEqual({ seq: 1 })
      expect(await backend.receipts({ runId: run.id })).toHaveLength(1)
    })

    test('13.2 receipts are found by run, task and tenant', async () => {
      const at = await setup()
      const { backend, make } = at
      const one = await startRun(at, { taskId: 'task_1' })
      const two = await startRun(at, { taskId: 'task_1' })
      const three = await startRun(at, { tenantId: 'other', taskId: 'task_2' })
      const of = async ({ run, lease }: typeof one): Promise<string> => {
        const receipt = make.receipt(run)
        await backend.commit(lease, { events: [], receipts: [receipt] })
        return receipt.receiptId
      }
      const [first, second, third] = [await of(one), await of(two), await of(three)]
      const find = async (by: Parameters<typeof backend.receipts>[0]): Promise<string[]> =>
        (await backend.receipts(by)).map((receipt) => receipt.receiptId)
      expect(await find({ taskId: 'task_1' })).toEqual([first, second])
      expect(await find({ runId: two.run.id })).toEqual([second])
      expect(await find({ tenantId: 'other' })).toEqual([third])
      expect(await find({ tenantId: 'other', taskId: 'task_1' })).toEqual([])
      expect(await find({ runId: 'run_unknown' })).toEqual([])
    })

    test('W-22 large values are whole in the journal, also where several hold the same one', async () => {
      const at = await setup()
      const { backend, make } = at
      const large = { text: 'ä'.repeat(300_000), list: Array.from({ length: 1_000 }, (_, index) => ({ index })) }
      const { run, lease } = await startRun(at, { input: large })
      await backend.commit(lease, {
        events: [make.event()],
        run: { output: large, outputs: { large } },
        stepRuns: [
          make.stepRun(run.id, 'a@1', { output: large }),
          make.stepRun(run.id, 'b@1', { seq: 2, output: 'x' }),
        ],
        state: { set: { a: large, copy: structuredClone(large), b: 'x' } },
      })
      const journal = await backend.read(run.id)
      expect(journal.run).toMatchObject({ input: large, output: large, outputs: { large } })
      expect(journal.stepRuns.map((step) => step.output)).toEqual([large, 'x'])
      expect(journal.state).toEqual({ a: large, copy: large, b: 'x' })
      expect((await backend.list({})).runs[0]?.input).toEqual(large)
      await backend.commit(lease, { events: [], state: { set: { a: 'small' } } })
      expect((await backend.read(run.id)).state['a']).toBe('small')
    })

    test('13.2 whatever is written, the journal is what a simple model of it says', async () => {
      const name = fc.constantFrom('a', 'b', 'c')
      const commit = fc.record({
        events: fc.nat(3),
        steps: fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 3 }),
        set: fc.array(fc.tuple(name, fc.jsonValue()), { maxLength: 3 }),
        unset: fc.array(name, { maxLength: 2 }),
        ledger: fc.array(fc.tuple(name, fc.nat(9)), { maxLength: 2 }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(commit, { maxLength: 6 }), async (commits) => {
          const at = await setup()
          const { backend, make } = at
          const { run, lease } = await startRun(at)
          const steps = new Map<string, Json>()
          const state = new Map<string, Json>()
          const ledger = new Map<string, number>()
          let lastSeq = 0
          for (const { events, steps: written, set, unset, ledger: moved } of commits) {
            const { seq } = await backend.commit(lease, {
              events: Array.from({ length: events }, () => make.event()),
              stepRuns: written.map(([key, output]) => make.stepRun(run.id, key, { output: clean(output) })),
              state: { set: Object.fromEntries(set.map(([key, value]) => [key, clean(value)])), unset },
              ledger: moved.map(([key, tokens]) => make.ledger(run.id, key, { tokens })),
            })
            for (const [key, output] of written) steps.set(key, clean(output))
            for (const key of unset) state.delete(key)
            for (const [key, value] of set) state.set(key, clean(value))
            for (const [key, tokens] of moved) if (!ledger.has(key)) ledger.set(key, tokens)
            lastSeq += events
            expect(seq).toBe(lastSeq)
          }
          const journal = await backend.read(run.id)
          expect(new Map(journal.stepRuns.map((step) => [step.stepKey, step.output]))).toEqual(steps)
          expect(journal.state).toEqual(Object.fromEntries(state))
          expect(journal.ledger.map(({ key, tokens }) => [key, tokens])).toEqual([...ledger])
          expect(journal.lastSeq).toBe(lastSeq)
        }),
        { numRuns: 15 },
      )
    })
  })
}

/** JSON as text can carry it: without minus zero, which the engine refuses. */
function clean(value: unknown): Json {
  // Text of JSON is JSON.
  return JSON.parse(JSON.stringify(value)) as Json
}
