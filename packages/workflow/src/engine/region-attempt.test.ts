import { createVirtualClock } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Step } from '../builder/step.ts'
import type { StepOptions } from '../builder/step-options.ts'
import { wait } from '../builder/wait.ts'
import type { Workflow } from '../builder/workflow.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'
import { flowOf, runWith, step, typesOf } from './__fixtures__/run-with.ts'

const region = (steps: Step[], options: Partial<StepOptions> = {}): Step =>
  new Step({ name: 'outer', steps, ...options })

/** Fails as often as is said, then gives how often it was called. */
function flaky(failures: number): { run: () => number; calls: () => number } {
  let calls = 0
  return {
    run: () => {
      calls += 1
      if (calls <= failures) throw new Error(`failed ${calls}`)
      return calls
    },
    calls: () => calls,
  }
}

describe('6 a region step', () => {
  test('6 F-5 is tried again as its own retry says, each time from its beginning, under keys of its own', async () => {
    const first = flaky(0)
    const second = flaky(2)
    const { result, events } = await runWith(
      flowOf([
        region(
          [
            step('first', first.run, { parallel: true }),
            step('second', second.run, { dependsOn: ['first'], retries: 0 }),
          ],
          { retry: { maxAttempts: 3, delay: 2, jitter: false } },
        ),
        step('after', ({ inputs }) => inputs['outer'], { dependsOn: ['outer'] }),
      ]),
    )
    expect([result.status, result.output]).toEqual(['completed', 3])
    expect([first.calls(), second.calls()]).toEqual([3, 3])
    expect(result.steps['outer']?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'failure'],
      [2, 'failure'],
      [3, 'success'],
    ])
    const keys = events.flatMap(({ type, stepKey = '' }) => (type === 'step_completed' ? [stepKey] : []))
    expect(keys).toEqual([
      'outer@1/first@1',
      'outer@1.2/first@1',
      'outer@1.3/first@1',
      'outer@1.3/second@1',
      'outer@1',
      'after@1',
    ])
    expect(typesOf(events, 'outer')).toEqual([
      'step_started',
      'step_failed',
      'step_retry',
      'step_started',
      'step_failed',
      'step_retry',
      'step_started',
      'step_completed',
    ])
    expect(result.steps['outer/second']).toMatchObject({ status: 'completed', output: 3 })
  })

  test('6 has one attempt where it says nothing itself, whatever its workflow says; its steps have theirs', async () => {
    const inner = flaky(9)
    const { result } = await runWith(
      flowOf([region([step('inner', inner.run)])], { failurePolicy: { maxAttempts: 3 } as never }),
    )
    expect([result.status, inner.calls()]).toEqual(['failed', 3])
    expect(result.steps['outer']?.attempts).toMatchObject([{ attempt: 1, status: 'failure' }])
  })

  test('6 F-1 its failure policy holds for it: skip, fail with siblings that go on, abort', async () => {
    const failing = (options: Partial<StepOptions>): Workflow =>
      flowOf([
        region([step('inner', flaky(9).run, { retries: 0 })], options),
        step('after', ({ inputs }) => inputs['outer'], { dependsOn: ['outer'] }),
        step('beside', () => 'beside'),
      ])
    const skipped = (await runWith(failing({ onFailure: 'skip' }))).result
    expect([skipped.status, skipped.steps['outer']?.status, skipped.steps['after']?.output]).toEqual([
      'partial',
      'skipped',
      null,
    ])
    const failed = (await runWith(failing({ onFailure: 'fail' }))).result
    expect([failed.status, failed.steps['after']?.status, failed.steps['beside']?.status]).toEqual([
      'failed',
      'skipped',
      'completed',
    ])
    const stopped = step(
      'stopped',
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('told'))),
      { parallel: true },
    )
    const broken = region([step('inner', flaky(9).run, { retries: 0 })], { onFailure: 'abort' })
    const aborted = (await runWith(flowOf([stopped, broken]))).result
    expect([aborted.status, aborted.steps['stopped']?.status]).toEqual(['failed', 'cancelled'])
  })

  test('C-1 its input contract is checked before anything inside begins, its output contract may be tried again', async () => {
    const inner = flaky(0)
    const begun: unknown[] = []
    const make = (value: unknown): Workflow =>
      flowOf([
        step('source', () => ({ count: value })),
        region([step('inner', () => (begun.push(value), inner.run()), { parallel: true })], {
          dependsOn: ['source'],
          inputContract: z.object({ source: z.object({ count: z.number() }) }),
          outputContract: z.number().min(3),
          retries: 2,
        }),
      ])
    const refused = await runWith(make('three'))
    expect(refused.result).toMatchObject({ status: 'failed', error: { code: 'contract_input', class: 'validation' } })
    expect(begun).toEqual([])
    expect(typesOf(refused.events, 'outer')).toContain('validation_fail')
    const taken = await runWith(make(3))
    expect([taken.result.status, taken.result.output, begun]).toEqual(['completed', 3, [3, 3, 3]])
  })

  test('F-4 a timeout ends what is inside within the second of grace, and the next attempt begins anew', async () => {
    const clock = createVirtualClock()
    let begun = 0
    const { engine } = setupEngine({ clock })
    const running = engine.run(
      flowOf([
        region(
          [
            step(
              'slow',
              async ({ signal }) => {
                begun += 1
                if (begun === 1) await clock.sleep(60_000, { signal })
                return begun
              },
              { retries: 0 },
            ),
            step('next', () => 'next', { dependsOn: ['slow'] }),
          ],
          { timeout: 5, retries: 1 },
        ),
        step('beside', () => 'beside'),
      ]),
    )
    await clock.runToRest()
    const result = await running
    expect([result.status, begun]).toEqual(['completed', 2])
    expect(result.steps['outer']?.attempts).toMatchObject([
      { status: 'failure', class: 'timeout', error: { code: 'step_timeout' } },
      { status: 'success' },
    ])
    expect(clock.monotonicMs()).toBeLessThan(60_000)
    expect(clock.pending).toBe(0)
  })

  test('F-4 what ignores the timeout is left behind after the grace', async () => {
    const clock = createVirtualClock()
    const { engine } = setupEngine({ clock })
    const running = engine.run(
      flowOf([region([step('deaf', async () => clock.sleep(60_000), { retries: 0 })], { timeout: 5 })]),
    )
    await clock.advance(6_001)
    const result = await running
    expect(result).toMatchObject({ status: 'failed', error: { code: 'step_timeout' } })
  })

  test('4.2 requireAll ends the regions of the other items', async () => {
    const clock = createVirtualClock()
    const { engine } = setupEngine({ clock })
    const ended: unknown[] = []
    const running = engine.run(
      flowOf([
        region(
          [
            step(
              'inner',
              async ({ item, signal }) => {
                if (item === 1) throw new Error('one')
                await clock.sleep(60_000, { signal })
                ended.push(item)
              },
              { retries: 0, parallel: true },
            ),
          ],
          { foreach: 'list', foreachConcurrency: 3 },
        ),
      ]),
      { list: [0, 1, 2] },
    )
    await clock.advance(1_001)
    expect((await running).status).toBe('failed')
    expect(ended).toEqual([])
  })

  test('13.3 a region that waits in its second attempt goes on there, in this process and in the next', async () => {
    for (const isRestarted of [false, true]) {
      const first = flaky(1)
      const ran: string[] = []
      const make = (): Workflow =>
        flowOf([
          region(
            [
              step('first', first.run, { retries: 0 }),
              new Step({ name: 'ask', action: wait.approval(), dependsOn: ['first'] }),
              step('last', () => (ran.push('last'), 'last'), { dependsOn: ['ask'] }),
            ],
            { retries: 1 },
          ),
          // Keeps the run at work while the region waits.
          ...(isRestarted ? [] : [step('beside', async () => clock.sleep(60_000), { parallel: true })]),
        ])
      const { engine, clock, restart, waits } = setupEngine()
      const work = make()
      const run = await engine.start(work)
      await clock.advance(10)
      expect(waits).toHaveLength(1)
      const next = isRestarted ? restart({ workflows: [work] }) : engine
      await next.resolveWait({ token: waits[0]?.token ?? '' })
      await clock.advance(61_000)
      const result = await next.result(run.id)
      expect([result.status, first.calls(), ran]).toEqual(['completed', 2, ['last']])
      expect(result.steps['outer']?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
        [1, 'failure'],
        [2, 'success'],
      ])
    }
  })

  test('12.3 a wait inside a region that ran out of time is closed with it', async () => {
    const { engine, clock, waits, backend } = setupEngine()
    const run = await engine.start(
      flowOf([
        region(
          [
            new Step({ name: 'ask', action: wait.approval() }),
            step('slow', async ({ signal }) => clock.sleep(60_000, { signal }), { parallel: true, retries: 0 }),
          ],
          { timeout: 5, onFailure: 'skip' },
        ),
      ]),
    )
    await clock.advance(7_000)
    expect((await engine.result(run.id)).status).toBe('partial')
    expect((await backend.read(run.id)).waits.map(({ status }) => status)).toEqual(['cancelled'])
    await expect(engine.resolveWait({ token: waits[0]?.token ?? '' })).rejects.toThrow()
  })

  test('9 its budget is around all that is inside of it, and around all items of a foreach', async () => {
    const model = pricedModel(['ok'])
    const { engine, backend } = setupEngine({ models: [model] })
    const ask = (name: string, more: object = {}): Step => new Step({ name, prompt: 'Say it', ...more })
    const inside = await engine.run(
      flowOf([
        region([ask('a'), ask('b', { dependsOn: ['a'] }), ask('c', { dependsOn: ['b'] })], { budget: { maxCalls: 2 } }),
      ]),
    )
    expect(inside).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_calls', step: 'c' } })
    expect((await backend.read(inside.runId)).ledger[0]?.envelopes.map(({ kind, id }) => [kind, id])).toEqual([
      ['run', inside.runId],
      ['run', `${inside.runId}:calls`],
      ['step', 'outer@1'],
    ])
    const items = await engine.run(flowOf([ask('each', { foreach: 'list', budget: { maxCalls: 2 } })]), {
      list: [1, 2, 3],
    })
    expect(items.error).toMatchObject({ exceeded: 'max_calls' })
    const regions = await engine.run(flowOf([region([ask('a')], { foreach: 'list', budget: { maxCalls: 2 } })]), {
      list: [1, 2, 3],
    })
    expect(regions.error).toMatchObject({ exceeded: 'max_calls' })
    expect(model.calls).toHaveLength(6)
  })

  test('9 what a region has spent counts after a restart', async () => {
    const model = pricedModel(['ok'])
    const { engine, restart } = setupEngine({ models: [model] })
    const ask = (name: string, more: object = {}): Step => new Step({ name, prompt: 'Say it', ...more })
    const work = flowOf([
      region(
        [
          ask('a'),
          new Step({ name: 'wait', action: wait.approval(), dependsOn: ['a'] }),
          ask('b', { dependsOn: ['wait'], budget: { maxCalls: 5 } }),
        ],
        { budget: { maxCalls: 1 } },
      ),
    ])
    const { runId, waits } = await engine.run(work)
    const next = restart({ workflows: [work] })
    await next.resolveWait({ waitId: waits[0]?.id ?? '' })
    expect(await next.result(runId)).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_calls' } })
    expect(model.calls).toHaveLength(1)
  })
})
