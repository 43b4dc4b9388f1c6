import { openDatabase, postgresBackend } from '@parley/postgres'
import { readItemChunks, type DurableBackend } from '@parley/spec'
import { createVirtualClock, type VirtualClock } from '@parley/testing'
import { createEngine, Step, Workflow, type Engine } from '@parley/workflow'
import { expect, onTestFinished, test } from 'vitest'

/** A stored back end in virtual time, with engines on it that are processes of their own. */
async function stored(): Promise<{
  backend: DurableBackend
  clock: VirtualClock
  engine: (options?: Parameters<typeof createEngine>[0]) => Engine
}> {
  const database = await openDatabase('memory://')
  onTestFinished(async () => database.close())
  const clock = createVirtualClock()
  const backend = postgresBackend({ database, clock })
  let process = 0
  return {
    backend,
    clock,
    engine: (options) => createEngine({ backend, clock, executorId: `p${(process += 1)}`, ...options }),
  }
}

test('17 13.3 on a stored back end the line survives the process, in its order', async () => {
  const { backend, clock, engine } = await stored()
  const begun: unknown[] = []
  let tell = (): void => {}
  /** Resolves when as many runs have begun. */
  const hasBegun = async (count: number): Promise<void> => {
    while (begun.length < count) await new Promise<void>((resolve) => void (tell = resolve))
  }
  const held = new Map<unknown, () => void>()
  const work = new Workflow({
    name: 'held',
    steps: [
      new Step({
        name: 'hold',
        action: (ctx) => {
          begun.push(ctx.input['number'])
          const work = new Promise<string>((resolve) => held.set(ctx.input['number'], () => resolve('done')))
          tell()
          return work
        },
      }),
    ],
  })
  // A clock that stands still: nothing more is heard of it.
  const first = engine({ clock: createVirtualClock(), limits: { runsPerTenant: 1, queuedRunsPerTenant: 3 } })
  const runs = []
  for (const number of [1, 2, 3]) runs.push(await first.start(work, { number }))
  await hasBegun(1)
  expect(first.queue().queued).toEqual(runs.slice(1).map(({ id }) => id))
  for (const { id } of runs.slice(1)) expect((await backend.get(id))?.status).toBe('pending')
  // Its leases run out.
  await clock.advance(31_000)
  const next = engine({ workflows: [work], limits: { runsPerTenant: 1, queuedRunsPerTenant: 0 } })
  expect(await next.recover()).toEqual(runs.map(({ id }) => id))
  for (const [index, { id }] of runs.entries()) {
    await hasBegun(index + 2)
    held.get(index + 1)?.()
    expect((await next.result(id)).status).toBe('completed')
  }
  expect(begun).toEqual([1, 1, 2, 3])
})

test('4.2 on a stored back end a list of 2,500 items makes few rows, and comes back whole', async () => {
  const { backend, engine } = await stored()
  const list = Array.from({ length: 2_500 }, (_, index) => index)
  const work = new Workflow({
    name: 'long',
    steps: [new Step({ name: 'each', foreach: 'list', foreachConcurrency: 8, action: (ctx) => ctx.item * 2 })],
  })
  const result = await engine().run(work, { list })
  expect(result.output).toEqual(list.map((item) => item * 2))
  const journal = await backend.read(result.runId)
  const rows = journal.stepRuns.filter(({ stepKey }) => stepKey.includes('#'))
  expect(rows.length).toBeLessThan(100)
  expect(rows.every(({ chunk }) => chunk === true)).toBe(true)
  expect(readItemChunks(journal).stepRuns).toHaveLength(2_501)
  const again = await engine({ workflows: [work] }).result(result.runId)
  expect(again.steps['each']?.items).toEqual(result.steps['each']?.items)
  expect(again.steps['each']?.items).toHaveLength(2_500)
})
