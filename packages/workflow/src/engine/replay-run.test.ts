import { createSeededIds } from '@parley/testing'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { Schema } from '../contracts/schema.ts'
import { t } from '../contracts/field-type.ts'
import { createRouter } from '../routing/create-router.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

const cards = {
  quick: {
    price: { from: '2020-01-01T00:00:00Z', input: 900, output: 900 },
    latencyMs: { firstTokenP50: 100 },
    quality: { other: 0.75 },
  },
  cheap: {
    price: { from: '2020-01-01T00:00:00Z', input: 100, output: 100 },
    latencyMs: { firstTokenP50: 900 },
    quality: { other: 0.7 },
  },
}

const work = (): Workflow => {
  let tries = 0
  return new Workflow({
    name: 'whole',
    parallel: true,
    steps: [
      new Step({ name: 'list', action: () => ['x', 'y'] }),
      new Step({
        name: 'flaky',
        retry: { maxAttempts: 2, delay: 30, jitter: false },
        action: () => {
          if ((tries += 1) < 2) throw new Error('not yet')
          return tries
        },
      }),
      new Step({ name: 'skipped', condition: 'input.risky == true', action: () => 1 }),
      new Step({ name: 'each', foreach: 'list', prompt: 'Say {{item}}' }),
      new Step({ name: 'json', prompt: 'As data', outputContract: new Schema({ n: t.int }) }),
      new Step({ name: 'review', dependsOn: ['flaky'], action: wait.approval() }),
      new Step({ name: 'end', dependsOn: ['each', 'json', 'review'], action: () => 'end' }),
    ],
  })
}

describe('12.3 replay', () => {
  test('12.3 dry: all decisions again, nothing asked, nothing stored', async () => {
    const model = pricedModel([(request) => (request.output === undefined ? 'text' : '{"n":1}')])
    const { engine, clock, waits, backend } = setupEngine({ models: [model] })
    const workflow = work()
    const run = await engine.start(workflow, { risky: false })
    await clock.runToRest()
    await engine.resolveWait({ token: waits[0]?.token ?? '' }, { data: 'yes' })
    const result = await engine.result(run.id)
    expect(result.error).toBeUndefined()
    expect(result.status).toBe('completed')
    const calls = model.calls.length
    const { lastSeq } = await backend.read(run.id)
    const replaying = engine.replay(run.id, { mode: 'dry' })
    await clock.runToRest()
    const report = await replaying
    expect(report).toMatchObject({ mode: 'dry', runId: run.id })
    expect(report).not.toHaveProperty('difference')
    expect(model.calls).toHaveLength(calls)
    expect((await backend.read(run.id)).lastSeq).toBe(lastSeq)
    expect((await engine.list()).runs).toHaveLength(1)
  })

  test('12.3 dry: a changed weight is reported at the first receipt that differs', async () => {
    const models = [
      pricedModel(['a'], { id: 'test/quick', card: cards.quick }),
      pricedModel(['a'], { id: 'test/cheap', card: cards.cheap }),
    ]
    const workflow = new Workflow({
      name: 'routed',
      steps: [new Step({ name: 'a', action: () => 1 }), new Step({ name: 'b', dependsOn: ['a'], prompt: 'Say b' })],
    })
    const weighted = (cost: number): ReturnType<typeof createRouter> =>
      createRouter({
        models,
        policy: 'weighted',
        weights: { cost, latency: 1 - cost, quality: 0 },
        clock: setup.clock,
        ids: createSeededIds(50),
      })
    const setup = setupEngine()
    const first = setup.restart({ router: weighted(1) })
    const { runId, receipts } = await first.run(workflow)
    expect(receipts[0]?.decision.modelId).toBe('test/cheap')
    const same = first.replay(runId, { mode: 'dry' })
    await setup.clock.runToRest()
    expect(await same).not.toHaveProperty('difference')
    const second = setup.restart({ router: weighted(0), workflows: [workflow] })
    const replaying = second.replay(runId, { mode: 'dry' })
    await setup.clock.runToRest()
    const report = await replaying
    const started = (await setup.eventsOf(runId)).find(({ type, step }) => type === 'step_started' && step === 'b')
    expect(report).toMatchObject({
      difference: {
        seq: started?.seq,
        expected: { step_key: 'b@1', model_id: 'test/cheap' },
        actual: { step_key: 'b@1', model_id: 'test/quick' },
      },
    })
  })

  test('12.3 dry: a run that failed fails again in the same way', async () => {
    const { engine } = setupEngine()
    const workflow = new Workflow({
      name: 'fails',
      steps: [
        new Step({
          name: 'a',
          action: () => {
            throw new Error('no')
          },
        }),
        new Step({ name: 'b', dependsOn: ['a'], action: () => 1 }),
      ],
    })
    const { runId } = await engine.run(workflow)
    const report = await engine.replay(runId, { mode: 'dry' })
    expect(report).not.toHaveProperty('difference')
  })

  test('12.3 rerun: a new run with the same input', async () => {
    let runs = 0
    const { engine } = setupEngine()
    const workflow = new Workflow({
      name: 'again',
      steps: [new Step({ name: 'a', action: (ctx) => [ctx.inputs['n'], (runs += 1)] })],
    })
    const { runId } = await engine.run(workflow, { n: 0 })
    const report = await engine.replay(runId, { mode: 'rerun' })
    if (report.mode !== 'rerun') throw new Error('not a rerun')
    expect(report.run.id).not.toBe(runId)
    expect((await engine.result(report.run.id)).output).toEqual([0, 2])
  })
})
