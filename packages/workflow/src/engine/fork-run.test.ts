import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

function chain(ran: string[], version = '1'): Workflow {
  return new Workflow({
    name: 'chain',
    version,
    steps: [
      new Step({ name: 'one', action: (ctx) => (ran.push('one'), `${ctx.inputs['name']}:1`) }),
      new Step({ name: 'two', dependsOn: ['one'], prompt: 'Go on from {{steps.one.output}}' }),
      new Step({
        name: 'three',
        dependsOn: ['two'],
        action: (ctx) => (
          ran.push('three'),
          ctx.state.set('seen', ctx.inputs['two']),
          `${ctx.inputs['two']}:${ctx.input['name']}`
        ),
      }),
      new Step({ name: 'four', dependsOn: ['three'], action: (ctx) => (ran.push('four'), `${ctx.inputs['three']}:4`) }),
    ],
  })
}

describe('12.3 fork', () => {
  test('12.3 from the third step with a patched input: what came before is copied, at cost 0, and not run', async () => {
    const ran: string[] = []
    const model = pricedModel(['text'])
    const { engine, backend, eventsOf } = setupEngine({ models: [model] })
    const first = await engine.run(chain(ran), { name: 'a' })
    expect(first.output).toBe('text:a:4')
    const fork = await engine.fork(first.runId, { fromStep: 'three', patch: { input: { name: 'b' } } })
    const result = await engine.result(fork.id)
    expect(result).toMatchObject({ status: 'completed', output: 'text:b:4', totalCostUsd: 0 })
    expect((await engine.get(fork.id))?.forkedFrom).toEqual({ runId: first.runId, step: 'three' })
    expect(ran).toEqual(['one', 'three', 'four', 'three', 'four'])
    expect(model.calls).toHaveLength(1)
    expect((await backend.read(fork.id)).ledger).toEqual([])
    expect(result.receipts).toHaveLength(1)
    expect(result.receipts[0]?.execution).toMatchObject({ replayed: true, actualCostNanoUsd: 0 })
    expect(result.receipts[0]?.receiptId).not.toBe(first.receipts[0]?.receiptId)
    expect(result.steps['two']?.receiptIds).toEqual([result.receipts[0]?.receiptId])
    expect((await eventsOf(fork.id))[0]?.type).toBe('run_started')
    expect((await engine.result(first.runId)).output).toBe('text:a:4')
  })

  test('12.3 outputs and state may be patched; a step whose output is given does not run', async () => {
    const ran: string[] = []
    const { engine } = setupEngine({ models: [pricedModel(['text'])] })
    const first = await engine.run(chain(ran), { name: 'a' })
    const fork = await engine.fork(first.runId, {
      fromStep: 'four',
      patch: { outputs: { three: null }, state: { note: 0 } },
    })
    const result = await engine.result(fork.id)
    expect(result.output).toBe('null:4')
    expect(result.state['note']).toBe(0)
    expect(ran.filter((step) => step === 'three')).toHaveLength(1)
  })

  test('12.3 a run that failed goes on in another version of its workflow', async () => {
    const broken = new Workflow({
      name: 'mended',
      steps: [
        new Step({ name: 'a', action: () => 'a' }),
        new Step({
          name: 'b',
          dependsOn: ['a'],
          action: () => {
            throw new Error('no')
          },
        }),
      ],
    })
    const mended = new Workflow({
      name: 'mended',
      version: '2',
      steps: [
        new Step({ name: 'a', action: () => 'never' }),
        new Step({ name: 'b', dependsOn: ['a'], action: (ctx) => `${ctx.inputs['a']}b` }),
      ],
    })
    const { engine } = setupEngine()
    const { runId, status } = await engine.run(broken)
    expect(status).toBe('failed')
    const fork = await engine.fork(runId, { fromStep: 'b', definition: mended })
    expect(await engine.result(fork.id)).toMatchObject({ status: 'completed', output: 'ab' })
    expect(fork.definitionHash).toBe(mended.definition.hash)
  })

  test('12.3 from a step inside a region', async () => {
    const ran: string[] = []
    const work = new Workflow({
      name: 'nested',
      steps: [
        new Step({
          name: 'outer',
          steps: [
            new Step({ name: 'x', action: () => (ran.push('x'), 'x') }),
            new Step({ name: 'y', dependsOn: ['x'], action: (ctx) => (ran.push('y'), `${ctx.inputs['x']}y`) }),
          ],
        }),
        new Step({ name: 'z', dependsOn: ['outer'], action: (ctx) => (ran.push('z'), `${ctx.inputs['outer']}z`) }),
      ],
    })
    const { engine } = setupEngine()
    const { runId } = await engine.run(work)
    const fork = await engine.fork(runId, { fromStep: 'outer/y' })
    expect((await engine.result(fork.id)).output).toBe('xyz')
    expect(ran).toEqual(['x', 'y', 'z', 'y', 'z'])
  })

  test('12.3 a step that is not there, an unknown run, an unknown option', async () => {
    const { engine } = setupEngine({ models: [pricedModel(['text'])] })
    const { runId } = await engine.run(chain([]), { name: 'a' })
    await expect(engine.fork(runId, { fromStep: 'five' })).rejects.toMatchObject({ code: 'unknown_reference' })
    await expect(engine.fork('run_none', { fromStep: 'one' })).rejects.toMatchObject({ code: 'run_unknown' })
    await expect(engine.fork(runId, { fromStep: 'one', from: 1 } as never)).rejects.toMatchObject({
      code: 'invalid_options',
    })
  })
})
