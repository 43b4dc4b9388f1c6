import { createBudget, type Budget, type BudgetSpec } from '@parley/spec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { pricedModel, setupEngine } from './__fixtures__/engine-setup.ts'

/** As many calls, one after the other. */
const calls = (count: number, more: object = {}): Workflow =>
  new Workflow({
    name: `calls${count}`,
    steps: Array.from(
      { length: count },
      (_, index) => new Step({ name: `s${index}`, prompt: 'Say it', dependsOn: index === 0 ? [] : [`s${index - 1}`] }),
    ),
    ...more,
  })

function setup(
  tenants: { [id: string]: BudgetSpec } = {},
): ReturnType<typeof setupEngine> & { model: ReturnType<typeof pricedModel>; budgets: Map<string, Budget> } {
  const model = pricedModel(['ok'])
  const budgets = new Map<string, Budget>()
  const made = setupEngine({ models: [model], tenantBudget: (id) => budgets.get(id) })
  for (const [id, spec] of Object.entries(tenants)) budgets.set(id, createBudget('tenant', id, spec, made))
  return { ...made, model, budgets }
}

describe('9 the envelope of a tenant', () => {
  test('9 is around its tasks and runs: a call has to fit all of them, and other tenants are no matter', async () => {
    const { engine, model, budgets } = setup({ acme: { maxCalls: 3 } })
    const { id } = engine.tasks.create({ tenantId: 'acme', budget: { maxCalls: 2 } })
    expect((await engine.run(calls(2), {}, { tenantId: 'acme', taskId: id })).status).toBe('completed')
    const overTask = await engine.run(calls(1), {}, { tenantId: 'acme', taskId: id })
    expect(overTask.error?.message).toContain(`task budget "${id}"`)
    const overTenant = await engine.run(calls(2), {}, { tenantId: 'acme' })
    expect(overTenant).toMatchObject({ status: 'budget_exceeded', error: { exceeded: 'max_calls' } })
    expect(overTenant.error?.message).toContain('tenant budget "acme"')
    expect((await engine.run(calls(2))).status).toBe('completed')
    expect(model.calls).toHaveLength(5)
    expect(budgets.get('acme')?.envelopes[0]).toMatchObject({ settled: { calls: 3 }, reserved: { calls: 0 } })
  })

  test('9 the ledger and the receipts name all envelopes, from outer to inner', async () => {
    const { engine, backend } = setup({ acme: {} })
    const { id } = engine.tasks.create({ tenantId: 'acme', budget: {} })
    const { runId } = await engine.run(calls(1), {}, { tenantId: 'acme', taskId: id })
    const { ledger } = await backend.read(runId)
    expect(ledger[0]?.envelopes.map(({ kind }) => kind)).toEqual(['tenant', 'task', 'run', 'run'])
  })

  test('9 pause: the run is put aside, and goes on when the host has raised the budget and it is resumed', async () => {
    const { engine, model, budgets, clock } = setup({ acme: { maxCalls: 1, onExceed: 'pause' } })
    const { runId, status } = await engine.run(calls(2), {}, { tenantId: 'acme' })
    expect([status, model.calls.length]).toEqual(['paused', 1])
    const settled = budgets.get('acme')?.envelopes[0]?.settled ?? { costNanoUsd: 0 }
    budgets.set('acme', createBudget('tenant', 'acme', { maxCalls: 2 }, { clock, settled }))
    await engine.resume(runId)
    expect((await engine.result(runId)).status).toBe('completed')
  })

  test('9 downgrade and warn of a tenant', async () => {
    const price = (nano: number): object => ({ from: '2020-01-01T00:00:00Z', input: nano, output: nano })
    const dear = pricedModel(['dear'], { id: 'test/dear', card: { tiers: ['high'], price: price(10_000) as never } })
    const cheap = pricedModel(['cheap'], {
      id: 'test/cheap',
      card: { tiers: ['fast', 'balanced'], price: price(10) as never },
    })
    const { clock, restart } = setupEngine()
    const spec: BudgetSpec = { maxCostUsd: 0.0005, onExceed: 'downgrade' }
    const tenant = createBudget('tenant', 'default', spec, { clock })
    const engine = restart({ models: [dear, cheap], tenantBudget: () => tenant })
    const high = new Workflow({ name: 'high', steps: [new Step({ name: 'a', prompt: 'Say a', tier: 'high' })] })
    expect((await engine.run(high)).output).toBe('cheap')
    const warned = createBudget('tenant', 'default', { maxCalls: 1, onExceed: 'warn' }, { clock })
    const slow = pricedModel(['slow'], { ttftMs: 10, clock })
    const other = restart({ models: [slow], tenantBudget: () => warned })
    const { id: runId } = await other.start(calls(2, { name: 'two' }))
    await clock.runToRest()
    expect((await other.result(runId)).status).toBe('completed')
    const events = []
    for await (const event of other.events(runId)) events.push(event)
    expect(events.filter(({ type }) => type === 'budget_warning').map(({ data }) => data['kind'])).toContain('tenant')
  })

  test('9 property: with runs of several tasks and tenants at once no envelope is ever passed, and at the end nothing is held', async () => {
    const work = fc.record({
      tenant: fc.constantFrom('a', 'b'),
      task: fc.nat(1),
      count: fc.integer({ min: 1, max: 4 }),
      runCap: fc.integer({ min: 0, max: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(work, { minLength: 1, maxLength: 8 }),
        fc.tuple(fc.nat(8), fc.nat(8), fc.nat(5)),
        async (works, [capA, capB, capTask]) => {
          const { engine, budgets, backend, clock } = setup({ a: { maxCalls: capA }, b: { maxCalls: capB } })
          const tasks = new Map<string, string>()
          for (const tenantId of ['a', 'b'])
            for (const task of [0, 1])
              tasks.set(`${tenantId}${task}`, engine.tasks.create({ tenantId, budget: { maxCalls: capTask } }).id)
          const runs = works.map(async ({ tenant, task, count, runCap }) =>
            engine.run(
              calls(count),
              {},
              { tenantId: tenant, taskId: tasks.get(`${tenant}${task}`) ?? '', budget: { maxCalls: runCap } },
            ),
          )
          await clock.runToRest()
          const results = await Promise.all(runs)
          const spent = new Map<string, number>()
          for (const [index, { receipts, taskId }] of results.entries()) {
            const made = receipts.filter(({ execution }) => execution.status === 'success').length
            expect(made).toBeLessThanOrEqual(works[index]?.runCap ?? 0)
            for (const key of [works[index]?.tenant ?? '', taskId]) spent.set(key, (spent.get(key) ?? 0) + made)
          }
          for (const [tenantId, budget] of budgets) {
            expect(budget.envelopes[0]).toMatchObject({
              settled: { calls: spent.get(tenantId) ?? 0 },
              reserved: { costNanoUsd: 0, calls: 0 },
            })
            expect(spent.get(tenantId) ?? 0).toBeLessThanOrEqual(tenantId === 'a' ? capA : capB)
          }
          for (const id of tasks.values()) expect(spent.get(id) ?? 0).toBeLessThanOrEqual(capTask)
          for (const { runId } of results) {
            const { ledger } = await backend.read(runId)
            const open = ledger.filter(
              ({ kind, key }) => kind === 'reserve' && !ledger.some((end) => end.kind !== 'reserve' && end.key === key),
            )
            expect(open).toEqual([])
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('9 12.1 a task that its budget has paused', () => {
  const paused = async (): Promise<
    ReturnType<typeof setup> & { taskId: string; runId: string; status: () => Promise<unknown> }
  > => {
    const made = setup()
    const measuring = setup()
    const measured = await measuring.engine.run(calls(1))
    const { ledger } = await measuring.backend.read(measured.runId)
    // Room for one call, not for another one after it.
    const maxTokens = ledger.reduce((sum, { tokens }) => sum + tokens, -1)
    const { id } = made.engine.tasks.create({ budget: { maxTokens, onExceed: 'pause' } })
    const { runId } = await made.engine.run(calls(3), {}, { taskId: id })
    const status = async (): Promise<unknown> => (await made.engine.tasks.get(id)).task.status
    expect(await status()).toBe('paused')
    return { ...made, taskId: id, runId, status }
  }

  test('9 goes on when its budget is raised', async () => {
    const { engine, taskId, runId, model, clock } = await paused()
    const { budget = {} } = (await engine.tasks.get(taskId)).task
    await engine.tasks.setBudget(taskId, { ...budget, maxCalls: 9 })
    await clock.advance(0)
    expect((await engine.get(runId))?.status).toBe('paused')
    expect(model.calls).toHaveLength(1)
    await engine.tasks.setBudget(taskId, { maxTokens: 10_000 })
    expect((await engine.tasks.get(taskId)).task.budget).toEqual({ maxTokens: 10_000 })
    await clock.advance(0)
    expect((await engine.result(runId)).status).toBe('completed')
    expect(model.calls).toHaveLength(3)
  })

  test('9 a call that does not fit changes nothing; one that fits lets go on what fits then', async () => {
    const { engine, taskId, runId, status, clock, eventsOf } = await paused()
    const told = (await eventsOf(runId)).length
    const envelope = engine.tasks.budget(taskId)
    const refused = await envelope?.reserve('chat 1', { costNanoUsd: 0, tokens: 10_000 })
    expect(refused).toMatchObject({ ok: false, envelope: { kind: 'task' }, onExceed: 'pause' })
    const small = await envelope?.reserve('chat 2', { costNanoUsd: 0, tokens: 1 })
    expect(small?.ok).toBe(true)
    await clock.advance(0)
    // The call was small enough, what the run asks for is not: it is not taken up to be put aside again.
    expect(await status()).toBe('paused')
    expect((await eventsOf(runId)).length).toBe(told)
    await envelope?.settle('chat 2', { costNanoUsd: 0, tokens: 1 })
  })

  test('9 the next run of the task lets it go on, once there is room', async () => {
    const { engine, model, clock } = setup()
    const { id } = engine.tasks.create({ budget: { maxCalls: 2, onExceed: 'pause' } })
    const envelope = engine.tasks.budget(id)
    await envelope?.reserve('held', { costNanoUsd: 0, calls: 1 })
    const first = await engine.run(calls(2), {}, { taskId: id })
    expect([first.status, model.calls.length]).toEqual(['paused', 1])
    await envelope?.release('held')
    expect((await engine.get(first.runId))?.status).toBe('paused')
    // It asks nothing of a model, so it is no matching call.
    await engine.run(
      new Workflow({ name: 'free', steps: [new Step({ name: 'a', action: () => 1 })] }),
      {},
      { taskId: id },
    )
    expect((await engine.get(first.runId))?.status).toBe('paused')
    // Nor is the call of another task.
    await engine.run(calls(1))
    expect((await engine.get(first.runId))?.status).toBe('paused')
    expect((await envelope?.reserve('chat', { costNanoUsd: 0, calls: 0 }))?.ok).toBe(true)
    await clock.advance(0)
    const result = await engine.result(first.runId)
    expect(result.status).toBe('completed')
    await envelope?.release('chat')
    expect(model.calls).toHaveLength(3)
  })

  test('9 one that somebody has paused meanwhile, or that its own budget has paused, stays', async () => {
    const { engine, clock, model } = setup()
    const { id } = engine.tasks.create({ budget: { maxCalls: 1, onExceed: 'pause' } })
    const own = await engine.run(calls(1), {}, { taskId: id, budget: { maxCalls: 0, onExceed: 'pause' } })
    const first = await engine.run(calls(2), {}, { taskId: id })
    expect([own.status, first.status]).toEqual(['paused', 'paused'])
    await engine.resume(first.runId)
    await engine.result(first.runId)
    await engine.tasks.setBudget(id, { maxCalls: 9 })
    await clock.advance(0)
    expect((await engine.result(first.runId)).status).toBe('completed')
    expect((await engine.get(own.runId))?.status).toBe('paused')
    expect(model.calls).toHaveLength(2)
  })

  test('9 after a restart the first call of the task that fits lets it go on', async () => {
    const { restart, taskId, runId, clock } = await paused()
    const next = restart({ workflows: [calls(3)], models: [pricedModel(['ok'])] })
    expect(await next.recover()).toEqual([])
    next.tasks.create({ id: taskId, budget: { maxTokens: 10_000 } })
    await clock.advance(0)
    expect((await next.result(runId)).status).toBe('completed')
  })

  test('9 a task without a budget gets one: what it has spent counts', async () => {
    const { engine } = setup()
    const { taskId } = await engine.run(calls(2))
    await engine.tasks.setBudget(taskId, { maxCalls: 3 })
    expect((await engine.run(calls(1), {}, { taskId })).status).toBe('completed')
    expect((await engine.run(calls(1), {}, { taskId })).status).toBe('budget_exceeded')
    await engine.tasks.cancel(taskId)
    await expect(engine.tasks.setBudget(taskId, {})).rejects.toMatchObject({ code: 'task_terminal' })
    await expect(engine.tasks.setBudget('task_none', {})).rejects.toMatchObject({ code: 'task_unknown' })
    expect(() => engine.tasks.budget(taskId)).toThrow('was cancelled')
    expect(() => engine.tasks.budget(taskId, { tenantId: 'other' })).toThrow('There is no task')
  })
})
