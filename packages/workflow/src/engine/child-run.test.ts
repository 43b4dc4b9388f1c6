import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

const parent = (more: object = {}): Workflow =>
  new Workflow({ name: 'parent', steps: [new Step({ name: 'call', workflow: 'child' })], ...more })
const child = (step: Step): Workflow => new Workflow({ name: 'child', steps: [step] })

describe('4.6 a workflow as a step', () => {
  test('4.6 gives its output, in the task of its parent', async () => {
    const { engine } = setupEngine({ workflows: [child(new Step({ name: 'a', action: () => 42 }))] })
    const result = await engine.run(parent())
    expect(result.output).toBe(42)
    const { runs } = await engine.list({ taskId: result.taskId })
    expect(runs.map(({ parent: of }) => of?.runId)).toEqual([result.runId, undefined])
  })

  test('17 workflows call each other 8 deep, no deeper', async () => {
    const chain = (depth: number): Workflow[] =>
      Array.from(
        { length: depth + 1 },
        (_, index) =>
          new Workflow({
            name: `w${index}`,
            steps: [
              index === depth
                ? new Step({ name: 'a', action: () => 'deep' })
                : new Step({ name: 'a', workflow: `w${index + 1}` }),
            ],
          }),
      )
    const { engine } = setupEngine({ workflows: chain(8) })
    expect((await engine.run('w0')).output).toBe('deep')
    const deeper = setupEngine({ workflows: chain(9) })
    const result = await deeper.engine.run('w0')
    expect(result.status).toBe('failed')
    expect(result.error?.message).toContain('more than 8 deep')
  })

  test('12.3 a cancel reaches the child, also one that waits', async () => {
    const held = heldWork()
    for (const step of [
      new Step({ name: 'a', action: () => held.promise }),
      new Step({ name: 'a', action: wait.approval() }),
    ]) {
      const { engine, clock } = setupEngine({ workflows: [child(step)] })
      const run = await engine.start(parent())
      await clock.advance(10)
      const cancelling = engine.cancel(run.id)
      await clock.advance(2_000)
      expect((await cancelling).status).toBe('cancelled')
      const { runs } = await engine.list({ workflow: 'child' })
      expect(runs.map(({ status }) => status)).toEqual(['cancelled'])
    }
  })

  test('12.3 while the child waits the step stays open; a restart in between changes nothing', async () => {
    const work = child(new Step({ name: 'a', action: wait.approval() }))
    const outer = parent()
    const { engine, clock, restart, waits } = setupEngine({ workflows: [work] })
    const run = await engine.start(outer)
    await clock.advance(0)
    expect((await engine.get(run.id))?.status).toBe('running')
    const closing = engine.close()
    await clock.advance(0)
    await closing
    const next = restart({ workflows: [work, outer] })
    expect(await next.recover()).toEqual([run.id])
    await clock.advance(0)
    await next.resolveWait({ token: waits[0]?.token ?? '' }, { data: 'yes' })
    expect((await next.result(run.id)).output).toMatchObject({ data: 'yes' })
    expect(waits).toHaveLength(1)
    expect((await next.list({ workflow: 'child' })).runs).toHaveLength(1)
  })

  test('12.3 a pause of the parent pauses the child, and a resume takes up both', async () => {
    const work = child(new Step({ name: 'a', action: wait.approval() }))
    const { engine, clock, waits } = setupEngine({ workflows: [work] })
    const run = await engine.start(parent())
    await clock.advance(0)
    expect((await engine.pause(run.id)).status).toBe('paused')
    expect((await engine.list({ workflow: 'child' })).runs[0]?.status).toBe('paused')
    await engine.resume(run.id)
    await clock.advance(0)
    await engine.resolveWait({ token: waits[0]?.token ?? '' })
    expect((await engine.result(run.id)).status).toBe('completed')
  })

  test('9 what the child spends counts in the budget of its parent; one that pauses pauses both', async () => {
    const model = pricedModel(['ok'])
    const work = new Workflow({
      name: 'child',
      steps: [new Step({ name: 'a', prompt: 'a' }), new Step({ name: 'b', prompt: 'b', dependsOn: ['a'] })],
    })
    const { engine, backend } = setupEngine({ models: [model], workflows: [work] })
    const { runId, status } = await engine.run(parent({ budget: { maxCalls: 1, onExceed: 'pause' } }))
    expect(status).toBe('paused')
    expect((await engine.list({ workflow: 'child' })).runs[0]?.status).toBe('paused')
    expect((await backend.read(runId)).ledger.map(({ kind }) => kind)).toEqual(['reserve', 'settle'])
    await engine.resume(runId, { budget: { maxCalls: 2 } })
    expect((await engine.result(runId)).status).toBe('completed')
    expect(model.calls).toHaveLength(2)
  })
})
