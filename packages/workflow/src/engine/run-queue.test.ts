import type { AgentRunner } from '@parley/spec'
import { describe, expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, setupEngine } from './__fixtures__/engine-setup.ts'
import { workflowRunner } from './workflow-runner.ts'

/** A workflow whose runs are at work until the test ends them; `begun` has their numbers in the order of their beginning. */
function heldWorkflow(): { workflow: Workflow; begun: unknown[]; end: (number: number) => void } {
  const held = new Map<unknown, ReturnType<typeof heldWork<string>>>()
  const begun: unknown[] = []
  const workflow = new Workflow({
    name: 'held',
    steps: [
      new Step({
        name: 'hold',
        action: (ctx) => {
          begun.push(ctx.input['number'])
          const work = heldWork()
          held.set(ctx.input['number'], work)
          return work.promise
        },
      }),
    ],
  })
  return { workflow, begun, end: (number) => held.get(number)?.end('done') }
}

const outer = (step: Step): Workflow => new Workflow({ name: 'outer', steps: [step] })

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('17 runs per tenant at once', () => {
  test('S6 17 beyond 100 runs are pending in line, and begin in their order as others end', async () => {
    const { engine, clock } = setupEngine()
    const { workflow, begun, end } = heldWorkflow()
    const runs = []
    for (let number = 0; number < 103; number++) runs.push(await engine.start(workflow, { number }))
    await clock.advance(0)
    expect(begun).toHaveLength(100)
    const late = runs.slice(100).map(({ id }) => id)
    expect(engine.queue()).toEqual({ running: 100, queued: late })
    expect((await engine.list({ status: ['pending'] })).runs.map(({ id }) => id)).toEqual([...late].reverse())
    end(7)
    await engine.result(runs[7]?.id ?? '')
    await clock.advance(0)
    expect(begun.slice(100)).toEqual([100])
    expect((await engine.get(late[0] ?? ''))?.status).toBe('running')
    end(9)
    end(1)
    await clock.advance(0)
    expect(begun.slice(100)).toEqual([100, 101, 102])
    for (let number = 0; number < 103; number++) end(number)
    for (const { id } of runs) expect((await engine.result(id)).status).toBe('completed')
    expect(engine.queue()).toEqual({ running: 0, queued: [] })
  })

  test('S6 17 beyond the line a run is refused, retryable, and nothing of it is kept', async () => {
    const { engine } = setupEngine({ limits: { runsPerTenant: 1, queuedRunsPerTenant: 2 } })
    const { workflow, end } = heldWorkflow()
    const first = await engine.start(workflow, { number: 0 })
    await engine.start(workflow, { number: 1 })
    await engine.start(workflow, { number: 2 })
    await expect(engine.start(workflow, { number: 3 }, { runId: 'refused' })).rejects.toMatchObject({
      code: 'run_queue_full',
      retryable: true,
      details: { tenantId: 'default', running: 1, queued: 2 },
    })
    expect(await engine.get('refused')).toBeUndefined()
    await expect(engine.fork(first.id, { fromStep: 'hold' })).rejects.toMatchObject({ code: 'run_queue_full' })
    expect((await engine.list()).runs).toHaveLength(3)
    end(0)
    await engine.result(first.id)
    await expect(engine.start(workflow, { number: 3 }, { runId: 'refused' })).resolves.toMatchObject({ id: 'refused' })
  })

  test('S6 17 the line has room for 10,000', async () => {
    const { engine } = setupEngine({ limits: { runsPerTenant: 1 } })
    const { workflow } = heldWorkflow()
    for (let number = 0; number <= 10_000; number++) await engine.start(workflow, { number })
    expect(engine.queue().queued).toHaveLength(10_000)
    await expect(engine.start(workflow, { number: 10_001 })).rejects.toMatchObject({ code: 'run_queue_full' })
  })

  test('17 tenants do not wait for each other', async () => {
    const { engine } = setupEngine({ limits: { runsPerTenant: 1, queuedRunsPerTenant: 1 } })
    const { workflow, begun } = heldWorkflow()
    await engine.start(workflow, { number: 1 }, { tenantId: 'a' })
    await engine.start(workflow, { number: 2 }, { tenantId: 'a' })
    await expect(engine.start(workflow, { number: 3 }, { tenantId: 'a' })).rejects.toMatchObject({
      code: 'run_queue_full',
    })
    await engine.start(workflow, { number: 4 }, { tenantId: 'b' })
    await turn()
    expect(begun).toEqual([1, 4])
    expect(engine.queue({ tenantId: 'a' }).queued).toHaveLength(1)
    expect(engine.queue({ tenantId: 'b' })).toEqual({ running: 1, queued: [] })
  })

  test('17 a run that waits holds no place; when it is answered it goes before those that have not begun', async () => {
    const { engine, waits } = setupEngine({ limits: { runsPerTenant: 1 } })
    const begun: string[] = []
    const review = new Workflow({
      name: 'review',
      steps: [
        new Step({ name: 'ask', action: wait.approval() }),
        new Step({ name: 'after', dependsOn: ['ask'], action: () => begun.push('review') }),
      ],
    })
    const { workflow, end, begun: held } = heldWorkflow()
    const waiting = await engine.run(review)
    expect(waiting.status).toBe('waiting')
    const first = await engine.start(workflow, { number: 1 })
    const second = await engine.start(workflow, { number: 2 })
    await turn()
    expect(held).toEqual([1])
    await engine.resolveWait({ token: waits[0]?.token ?? '' })
    expect(engine.queue().queued).toEqual([waiting.runId, second.id])
    end(1)
    expect((await engine.result(first.id)).status).toBe('completed')
    expect((await engine.result(waiting.runId)).status).toBe('completed')
    expect(begun).toEqual(['review'])
    await turn()
    expect(held).toEqual([1, 2])
  })

  test('17 a run in line is cancelled and paused at once, and takes no place for that', async () => {
    const { engine, eventsOf } = setupEngine({ limits: { runsPerTenant: 1 } })
    const { workflow, begun, end } = heldWorkflow()
    await engine.start(workflow, { number: 1 })
    const cancelled = await engine.start(workflow, { number: 2 })
    const paused = await engine.start(workflow, { number: 3 })
    const result = engine.result(cancelled.id)
    expect((await engine.cancel(cancelled.id, 'not needed')).status).toBe('cancelled')
    expect((await result).status).toBe('cancelled')
    expect((await engine.pause(paused.id)).status).toBe('paused')
    expect(engine.queue()).toMatchObject({ running: 1, queued: [] })
    await engine.resume(paused.id)
    await turn()
    expect(engine.queue().queued).toEqual([paused.id])
    expect(await engine.get(paused.id)).toMatchObject({ status: 'pending' })
    end(1)
    await turn()
    await turn()
    expect(begun).toEqual([1, 3])
    end(3)
    expect((await engine.result(paused.id)).status).toBe('completed')
    expect((await eventsOf(paused.id)).map(({ type }) => type)).toEqual([
      'run_started',
      'run_paused',
      'run_resumed',
      'step_started',
      'step_completed',
      'run_completed',
    ])
  })

  test('13.3 17 the line survives the process: what had begun goes on first, the others in their order', async () => {
    const { engine, clock, restart } = setupEngine({ limits: { runsPerTenant: 1, queuedRunsPerTenant: 3 } })
    const before = heldWorkflow()
    const runs = []
    for (const number of [1, 2, 3, 4]) runs.push(await engine.start(before.workflow, { number }))
    const last = runs[3]?.id ?? ''
    await engine.pause(last)
    await engine.resume(last)
    await turn()
    // The process ends without a word: nothing of it is heard again.
    await clock.advance(31_000)
    const after = heldWorkflow()
    const next = restart({ workflows: [after.workflow], limits: { runsPerTenant: 1, queuedRunsPerTenant: 0 } })
    expect(await next.recover()).toEqual(runs.map(({ id }) => id))
    expect(next.queue().queued).toEqual([last, runs[1]?.id, runs[2]?.id])
    for (const number of [1, 4, 2, 3]) {
      await clock.advance(0)
      expect(after.begun.at(-1)).toBe(number)
      after.end(number)
    }
    for (const { id } of runs) expect((await next.result(id)).status).toBe('completed')
    expect(after.begun).toEqual([1, 4, 2, 3])
  })

  test('17 an engine that is closed leaves its line in the store, for the next one', async () => {
    const { engine, clock, restart } = setupEngine({ limits: { runsPerTenant: 1 } })
    const { workflow, begun, end } = heldWorkflow()
    const first = await engine.start(workflow, { number: 1 })
    const second = await engine.start(workflow, { number: 2 })
    await clock.advance(0)
    const closing = engine.close()
    end(1)
    await closing
    expect(begun).toEqual([1])
    const next = restart({ workflows: [workflow] })
    expect((await next.get(first.id))?.status).toBe('completed')
    expect((await next.get(second.id))?.status).toBe('pending')
    expect(await next.recover()).toEqual([second.id])
    await clock.advance(0)
    end(2)
    expect((await next.result(second.id)).status).toBe('completed')
  })

  test('17 a workflow inside of a run works in its place, as a step and as an agent', async () => {
    const inner = new Workflow({ name: 'inner', steps: [new Step({ name: 'work', action: () => 'done' })] })
    const agents: AgentRunner[] = []
    const { engine } = setupEngine({ limits: { runsPerTenant: 1, queuedRunsPerTenant: 0 }, workflows: [inner] })
    expect((await engine.run(outer(new Step({ name: 'call', workflow: 'inner' })))).output).toBe('done')
    const late: AgentRunner = {
      id: 'inner',
      kind: 'workflow',
      run: async (request, options) => agents[0]?.run(request, options) ?? Promise.reject(new Error('not made')),
    }
    const both = setupEngine({ limits: { runsPerTenant: 1, queuedRunsPerTenant: 0 }, agents: [late] })
    agents.push(workflowRunner(both.engine, inner))
    expect((await both.engine.run(outer(new Step({ name: 'call', agent: 'inner' })))).output).toBe('done')
  })

  test('S6 limits of an engine are whole numbers', () => {
    expect(() => setupEngine({ limits: { runsPerTenant: 0 } })).toThrow('limits.runsPerTenant is 0')
    expect(() => setupEngine({ limits: { queuedRunsPerTenant: 0.5 } })).toThrow('limits.queuedRunsPerTenant is 0.5')
    expect(() => setupEngine({ limits: { runs: 1 } as never })).toThrow('runs')
  })
})
