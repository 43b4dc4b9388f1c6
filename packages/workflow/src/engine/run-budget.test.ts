import type { BudgetSpec } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

/** Five calls, one after the other: each is held at about 105,000 nano-USD and costs less. */
const chain = (budget: object, more: object = {}): Workflow =>
  new Workflow({
    name: 'chain',
    budget,
    steps: ['a', 'b', 'c', 'd', 'e'].map(
      (name, index, names) =>
        new Step({ name, prompt: `Say ${name}`, dependsOn: names.slice(Math.max(0, index - 1), index) }),
    ),
    ...more,
  })

async function balanceOf(setup: ReturnType<typeof setupEngine>, runId: string): Promise<{ open: number }> {
  const { ledger } = await setup.backend.read(runId)
  const ended = new Set(ledger.filter(({ kind }) => kind !== 'reserve').map(({ key }) => key))
  return { open: ledger.filter(({ kind, key }) => kind === 'reserve' && !ended.has(key)).length }
}

describe('9 budgets', () => {
  test('9 a budget with a wrong key or amount is refused before the run is kept, also when it is resumed', async () => {
    const { engine } = setupEngine()
    const workflow = new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: () => 1 })] })
    const wrong = [
      [{ maxCost: 1 } as BudgetSpec, 'invalid_options'],
      [{ maxCostUsd: -1 }, 'budget_invalid'],
    ] as const
    for (const [budget, code] of wrong)
      await expect(engine.run(workflow, {}, { budget })).rejects.toMatchObject({ code })
    expect((await engine.list()).runs).toEqual([])
    const waiting = new Workflow({ name: 'x', steps: [new Step({ name: 'a', action: wait.approval() })] })
    const { runId } = await engine.run(waiting)
    for (const [budget, code] of wrong) await expect(engine.resume(runId, { budget })).rejects.toMatchObject({ code })
    const steps = [new Step({ name: 'a', action: () => 1, budget: { maxCall: 1 } as BudgetSpec })]
    expect(new Workflow({ name: 'y', steps }).validate()).toMatchObject([
      { code: 'budget_invalid', path: 'steps.a.budget.maxCall', fix: 'Did you mean "maxCalls"?' },
    ])
  })

  test('9 stop: no dispatch beyond the cap, what is done is given, the rest is cancelled', async () => {
    const model = pricedModel(['ok'])
    const setup = setupEngine({ models: [model] })
    const result = await setup.engine.run(chain({ maxCalls: 2 }))
    expect(result.status).toBe('budget_exceeded')
    expect(result.error).toMatchObject({ code: 'budget_exceeded', exceeded: 'max_calls' })
    expect(model.calls).toHaveLength(2)
    expect(Object.values(result.steps).map(({ status }) => status)).toEqual([
      'completed',
      'completed',
      'cancelled',
      'cancelled',
      'cancelled',
    ])
    expect(await balanceOf(setup, result.runId)).toEqual({ open: 0 })
    expect((await setup.eventsOf(result.runId)).at(-1)?.type).toBe('run_budget_exceeded')
  })

  test('9 pause: the run is put aside holding nothing; resumed under the same budget it stays, a raised one lets it end', async () => {
    const model = pricedModel(['ok'])
    const setup = setupEngine({ models: [model] })
    const { engine } = setup
    const { runId, status } = await engine.run(chain({ maxCalls: 2, onExceed: 'pause' }))
    expect(status).toBe('paused')
    expect((await engine.get(runId))?.pauseReason).toBe('budget')
    expect(await balanceOf(setup, runId)).toEqual({ open: 0 })
    await engine.resume(runId)
    expect((await engine.result(runId)).status).toBe('paused')
    expect(model.calls).toHaveLength(2)
    await engine.resume(runId, { budget: { maxCalls: 5, onExceed: 'pause' } })
    const result = await engine.result(runId)
    expect(result.status).toBe('completed')
    expect(model.calls).toHaveLength(5)
    expect(result.receipts.filter(({ execution }) => execution.status === 'success')).toHaveLength(5)
    await expect(engine.resume(runId)).rejects.toMatchObject({ code: 'run_terminal' })
  })

  test('9 what was spent before a pause counts after it, in the same process and in the next', async () => {
    for (const isRestarted of [false, true]) {
      const model = pricedModel(['ok'])
      const { engine, restart } = setupEngine({ models: [model] })
      const work = chain({ maxCalls: 2, onExceed: 'pause' })
      const { runId } = await engine.run(work)
      const next = isRestarted ? restart({ workflows: [work] }) : engine
      await next.resume(runId, { budget: { maxCalls: 3, onExceed: 'pause' } })
      expect((await next.result(runId)).status).toBe('paused')
      expect(model.calls).toHaveLength(3)
    }
  })

  test('9 what was spent counts after a pause also in a task with a budget', async () => {
    const model = pricedModel(['ok'])
    const { engine } = setupEngine({ models: [model] })
    const { id } = engine.tasks.create({ budget: { maxCalls: 10 } })
    const { runId } = await engine.run(chain({ maxCalls: 2, onExceed: 'pause' }), {}, { taskId: id })
    await engine.resume(runId, { budget: { maxCalls: 3, onExceed: 'pause' } })
    expect((await engine.result(runId)).status).toBe('paused')
    expect(model.calls).toHaveLength(3)
  })

  test('9 warn: an event at 80 % and at the cap, and the run goes on', async () => {
    const setup = setupEngine({ models: [pricedModel(['ok'])] })
    const { runId, status } = await setup.engine.run(chain({ maxCalls: 4, onExceed: 'warn' }))
    expect(status).toBe('completed')
    const warnings = (await setup.eventsOf(runId)).filter(({ type }) => type === 'budget_warning')
    expect(warnings.map(({ data }) => data['share'])).toEqual([0.8, 1])
  })

  test('9 downgrade: a cheaper tier that fits takes over, and the receipts say so', async () => {
    const price = (tokens: number): object => ({ from: '2020-01-01T00:00:00Z', input: tokens, output: tokens })
    const dear = pricedModel(['dear'], { id: 'test/dear', card: { tiers: ['high'], price: price(10_000) as never } })
    const cheap = pricedModel(['cheap'], {
      id: 'test/cheap',
      card: { tiers: ['fast', 'balanced'], price: price(10) as never },
    })
    const setup = setupEngine({ models: [dear, cheap] })
    const work = new Workflow({
      name: 'down',
      budget: { maxCostUsd: 0.00105, onExceed: 'downgrade' },
      steps: [
        new Step({ name: 'a', prompt: 'Say a', tier: 'high' }),
        new Step({ name: 'b', prompt: 'Say b', tier: 'high', dependsOn: ['a'] }),
      ],
    })
    const result = await setup.engine.run(work)
    expect(result.status).toBe('completed')
    expect(result.output).toBe('cheap')
    expect(result.receipts.at(-1)?.decision.downgradedFrom).toBe('high')
    expect((await setup.eventsOf(result.runId)).some(({ type }) => type === 'budget_downgraded')).toBe(true)
  })

  test('9 a budget of a step is its own, and none set fires none', async () => {
    const { engine } = setupEngine({ models: [pricedModel(['ok'])] })
    const capped = new Workflow({
      name: 'capped',
      steps: [new Step({ name: 'a', prompt: 'Say a', budget: { maxCalls: 0 } })],
    })
    expect((await engine.run(capped)).error?.exceeded).toBe('max_calls')
    expect((await engine.run(chain({}))).status).toBe('completed')
  })

  test('9 50 steps at once under a small cap: settled and reserved never exceed it, and nothing is held at the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 50, maxLength: 50 }), async (delays) => {
        let highest = 0
        const setup = setupEngine()
        const model = pricedModel(['one two three'], { ttftMs: 5, clock: setup.clock })
        const cap = 0.002
        const work = new Workflow({
          name: 'wide',
          parallel: true,
          maxConcurrency: 50,
          budget: { maxCostUsd: cap },
          steps: delays.map(
            (delay, index) =>
              new Step({
                name: `s${index}`,
                action: async (ctx) => {
                  await setup.clock.sleep(delay)
                  let text = ''
                  for await (const part of ctx
                    .model()
                    .stream({ messages: [{ role: 'user', content: 'x' }] }, { signal: ctx.signal })) {
                    const [run] = ctx.budget
                    highest = Math.max(highest, (run?.settled.costNanoUsd ?? 0) + (run?.reserved.costNanoUsd ?? 0))
                    if (part.type === 'textDelta') text += part.text
                  }
                  return text
                },
              }),
          ),
        })
        const engine = setup.restart({ models: [model] })
        const running = engine.run(work)
        await setup.clock.runToRest()
        const result = await running
        if (delays.every((delay) => delay === 0)) expect(result.status).toBe('budget_exceeded')
        expect(['completed', 'budget_exceeded']).toContain(result.status)
        expect(highest).toBeGreaterThan(0)
        expect(highest).toBeLessThanOrEqual(cap * 1e9)
        expect(await balanceOf(setup, result.runId)).toEqual({ open: 0 })
      }),
      { numRuns: 5, examples: [[Array.from({ length: 50 }, () => 0)]] },
    )
  })
})

describe('F-6', () => {
  test('F-6 50 calls of models in a run by default, those that code counts included', async () => {
    const counting = (count: number): Workflow =>
      new Workflow({
        name: 'count',
        steps: [
          new Step({
            name: 'a',
            action: (ctx) => {
              for (let call = 0; call < count; call++) ctx.incrementLlmCalls()
              return 'counted'
            },
          }),
        ],
      })
    const { engine } = setupEngine()
    expect((await engine.run(counting(50))).status).toBe('completed')
    const result = await engine.run(counting(51))
    expect(result.status).toBe('budget_exceeded')
    expect(result.error?.exceeded).toBe('max_calls')
  })

  test('F-6 maxLlmCalls counts retries, and is checked before dispatch', async () => {
    const model = pricedModel(['not what was asked for'])
    const { engine } = setupEngine({ models: [model] })
    const work = new Workflow({
      name: 'retries',
      maxLlmCalls: 2,
      steps: [
        new Step({
          name: 'a',
          prompt: 'Say a',
          retry: { maxAttempts: 5 },
          outputContract: z.object({ count: z.number() }),
        }),
      ],
    })
    expect((await engine.run(work)).status).toBe('budget_exceeded')
    expect(model.calls).toHaveLength(2)
  })

  test('F-6 a budget that pauses puts aside what code of a step asks, too', async () => {
    const model = pricedModel(['ok'])
    const { engine } = setupEngine({ models: [model] })
    const work = new Workflow({
      name: 'code',
      budget: { maxCalls: 0, onExceed: 'pause' },
      steps: [
        new Step({
          name: 'a',
          action: async (ctx) => {
            for await (const part of ctx.model().stream({ messages: [{ role: 'user', content: 'x' }] }, ctx))
              if (part.type === 'textDelta') return part.text
            return ''
          },
        }),
      ],
    })
    const { runId, status } = await engine.run(work)
    expect(status).toBe('paused')
    await engine.resume(runId, { budget: { maxCalls: 1 } })
    expect((await engine.result(runId)).output).toBe('ok')
  })
})

describe('9 wall time', () => {
  const hanging = (held: Promise<unknown>, budget: object): Workflow =>
    new Workflow({ name: 'hanging', budget, steps: [new Step({ name: 'a', action: () => held })] })

  test('9 the run ends when its time is over, whatever a step does', async () => {
    const { engine, clock } = setupEngine()
    const run = await engine.start(hanging(heldWork().promise, { maxWallMs: 5_000 }))
    await clock.advance(4_999)
    expect((await engine.get(run.id))?.endedAt).toBeUndefined()
    await clock.advance(1_001)
    const result = await engine.result(run.id)
    expect(result.status).toBe('budget_exceeded')
    expect(result.error?.exceeded).toBe('max_wall_ms')
    expect(clock.pending).toBe(0)
  })

  test('9 pause: what runs ends, and a raised budget lets it go on', async () => {
    const held = heldWork()
    const { engine, clock } = setupEngine()
    const run = await engine.start(
      new Workflow({
        name: 'two',
        budget: { maxWallMs: 5_000, onExceed: 'pause' },
        steps: [
          new Step({ name: 'a', action: () => held.promise }),
          new Step({ name: 'b', dependsOn: ['a'], action: () => 'b' }),
        ],
      }),
    )
    await clock.advance(6_000)
    held.end('a')
    await clock.advance(0)
    expect(await engine.get(run.id)).toMatchObject({ status: 'paused', pauseReason: 'budget' })
    await engine.resume(run.id, { budget: { maxWallMs: 60_000 } })
    expect((await engine.result(run.id)).status).toBe('completed')
  })

  test('9 warn: events at 80 % and at the cap', async () => {
    const held = heldWork()
    const { engine, clock, eventsOf } = setupEngine()
    const run = await engine.start(hanging(held.promise, { maxWallMs: 5_000, onExceed: 'warn' }))
    await clock.advance(5_001)
    const warnings = (await eventsOf(run.id)).filter(({ type }) => type === 'budget_warning')
    expect(warnings.map(({ data }) => data['share'])).toEqual([0.8, 1])
    held.end('x')
    expect((await engine.result(run.id)).status).toBe('completed')
  })
})
