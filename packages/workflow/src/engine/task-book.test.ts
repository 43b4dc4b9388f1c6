import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

const ask = (name = 'ask'): Workflow => new Workflow({ name, steps: [new Step({ name: 'a', prompt: 'Say a' })] })

describe('12.1 tasks', () => {
  test('12.1 a run makes a task; its account adds up over runs and has the receipts on request', async () => {
    const { engine } = setupEngine({ models: [pricedModel(['one two'])] })
    const first = await engine.run(ask())
    const { task } = await engine.tasks.get(first.taskId)
    expect(task).toMatchObject({ status: 'completed', callCount: 1, runs: [first.runId], unknownCosts: 0 })
    const second = await engine.run(ask(), {}, { taskId: first.taskId })
    const account = await engine.tasks.get(first.taskId, { includeReceipts: true })
    expect(account.task.runs.toSorted()).toEqual([first.runId, second.runId].toSorted())
    expect(account.task.callCount).toBe(2)
    expect(account.task.totalCostNanoUsd).toBe((first.totalCostNanoUsd ?? 0) * 2)
    expect(account.task.totalCostNanoUsd).toBeGreaterThan(0)
    expect(account.receipts).toHaveLength(2)
  })

  test('12.1 waiting shows as paused with a reason, partial as completed', async () => {
    const { engine } = setupEngine()
    const waiting = await engine.run(
      new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: wait.approval() })] }),
    )
    expect((await engine.tasks.get(waiting.taskId)).task).toMatchObject({ status: 'paused', pausedReason: 'waiting' })
    const partial = await engine.run(
      new Workflow({
        name: 'p',
        steps: [
          new Step({
            name: 'a',
            onFailure: 'skip',
            action: () => {
              throw new Error('no')
            },
          }),
        ],
      }),
    )
    expect((await engine.tasks.get(partial.taskId)).task).toMatchObject({ status: 'completed', partial: true })
  })

  test('12.1 cancel cancels its runs and refuses later ones; again it is a no-op', async () => {
    const { engine } = setupEngine()
    const work = new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: wait.approval() })] })
    const { runId, taskId } = await engine.run(work)
    await engine.tasks.cancel(taskId)
    await engine.tasks.cancel(taskId)
    expect((await engine.get(runId))?.status).toBe('cancelled')
    expect((await engine.tasks.get(taskId)).task.status).toBe('cancelled')
    await expect(engine.run(work, {}, { taskId })).rejects.toMatchObject({ code: 'task_terminal' })
  })

  test('12.1 the task of another tenant is unknown', async () => {
    const { engine } = setupEngine()
    const { id } = engine.tasks.create({ tenantId: 'acme' })
    await expect(engine.tasks.get(id)).rejects.toMatchObject({ code: 'task_unknown' })
    await expect(engine.tasks.cancel(id)).rejects.toMatchObject({ code: 'task_unknown' })
    await expect(engine.tasks.get('task_none')).rejects.toMatchObject({ code: 'task_unknown' })
    const work = new Workflow({ name: 'w', steps: [new Step({ name: 'a', action: () => 1 })] })
    await expect(engine.run(work, {}, { taskId: id })).rejects.toMatchObject({ code: 'task_unknown' })
    const own = await engine.run(work, {}, { tenantId: 'acme' })
    await expect(engine.tasks.get(own.taskId)).rejects.toMatchObject({ code: 'task_unknown' })
    expect((await engine.tasks.get(id, { tenantId: 'acme' })).task.status).toBe('pending')
  })

  test('9 two runs share the budget of their task', async () => {
    const model = pricedModel(['ok'])
    const { engine } = setupEngine({ models: [model] })
    const { id } = engine.tasks.create({ budget: { maxCalls: 1 } })
    expect((await engine.run(ask(), {}, { taskId: id })).status).toBe('completed')
    const second = await engine.run(ask(), {}, { taskId: id })
    expect(second.status).toBe('budget_exceeded')
    expect(model.calls).toHaveLength(1)
    expect((await engine.tasks.get(id)).task.budget).toEqual({ maxCalls: 1 })
  })
})
