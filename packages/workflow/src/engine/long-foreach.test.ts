import type { DurableBackend, StepRunRecord } from '@parley/spec'
import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { createEngine } from './create-engine.ts'
import { dyingBackend } from './__fixtures__/dying-backend.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

function long(action: (item: number) => unknown, options: object = {}): Workflow {
  return new Workflow({
    name: 'long',
    steps: [new Step({ name: 'each', foreach: 'list', action: (ctx) => action(ctx.item), ...options })],
  })
}

async function itemRows(backend: DurableBackend, runId: string): Promise<StepRunRecord[]> {
  return (await backend.read(runId)).stepRuns.filter(({ stepKey }) => stepKey.includes('#'))
}

function itemsIn({ output }: StepRunRecord): number {
  return Array.isArray(output) ? output.length : 0
}

test('4.2 above 1,000 items their records are kept in chunks of at most 1,000, and read back one by one', async () => {
  const { engine, backend, restart } = setupEngine()
  const work = long((item) => item * 2)
  const live = await engine.run(work, { list: numbers(2_500) })
  expect(live.output).toEqual(numbers(2_500).map((item) => item * 2))
  const rows = await itemRows(backend, live.runId)
  expect(rows.every(({ chunk }) => chunk === true)).toBe(true)
  expect(rows.map(itemsIn)).toEqual([1_000, 1_000, 500])
  expect((await backend.read(live.runId)).attempts).toEqual([])
  const stored = await restart().result(live.runId)
  expect(stored.steps['each']?.items).toEqual(live.steps['each']?.items)
  expect(stored.steps['each']?.items).toHaveLength(2_500)
  expect(stored.steps['each']?.attempts).toEqual(live.steps['each']?.attempts)
  expect(stored.steps['each']?.attempts).toHaveLength(2_500)
})

test('4.2 up to 1,000 items each has its own record', async () => {
  const { engine, backend } = setupEngine()
  const { runId } = await engine.run(
    long((item) => item),
    { list: numbers(1_000) },
  )
  const rows = await itemRows(backend, runId)
  expect(rows).toHaveLength(1_000)
  expect(rows.some(({ chunk }) => chunk === true)).toBe(false)
})

test('4.2 items of a long list that take their time are kept within 50 ms', async () => {
  const { engine, backend, clock } = setupEngine()
  const run = await engine.start(
    long(async (item) => {
      await clock.sleep(10)
      return item
    }),
    { list: numbers(1_001) },
  )
  await clock.advance(65)
  const kept = (await itemRows(backend, run.id)).reduce((sum, row) => sum + itemsIn(row), 0)
  expect(kept).toBeGreaterThanOrEqual(5)
})

test('13.3 a process that dies in a long list repeats no item that was kept', async () => {
  const clock = createVirtualClock({ onError: () => {} })
  const store = memoryBackend({ clock })
  const begun = new Map<number, number>()
  const work = long((item) => {
    begun.set(item, (begun.get(item) ?? 0) + 1)
    return item
  })
  const dying = dyingBackend(store, 3)
  const first = createEngine({ backend: dying.backend, clock, executorId: 'one', onError: () => {} })
  const { id } = await first.start(work, { list: numbers(3_000) })
  await first.result(id).catch(() => {})
  const kept = new Set<number>()
  for (const { output } of await itemRows(store, id))
    for (const { record } of output as unknown as { record: StepRunRecord }[]) kept.add(record.index ?? -1)
  expect(kept.size).toBeGreaterThanOrEqual(1_000)
  expect(kept.size).toBeLessThan(3_000)
  await clock.advance(31_000)
  const next = createEngine({ backend: store, clock, executorId: 'two', workflows: [work] })
  expect(await next.recover()).toEqual([id])
  const result = await next.result(id)
  expect(result.output).toEqual(numbers(3_000))
  for (const index of kept) expect(begun.get(index)).toBe(1)
  expect(result.steps['each']?.items).toHaveLength(3_000)
})

test('13.3 items that may not happen twice are kept one by one, however long the list is', async () => {
  const { engine, backend } = setupEngine()
  const seen: number[] = []
  const work: Workflow = long(
    async (item) => {
      if (item === 3) seen.push((await itemRows(backend, runId)).reduce((sum, row) => sum + itemsIn(row), 0))
      return item
    },
    { effect: 'effectful' },
  )
  const runId = 'run_effects'
  await engine.run(work, { list: numbers(1_001) }, { runId })
  expect(seen).toEqual([3])
})

test('12.3 a fork takes the items of a long list over', async () => {
  const { engine, waits } = setupEngine()
  let begun = 0
  const work = new Workflow({
    name: 'long',
    steps: [
      new Step({ name: 'each', foreach: 'list', action: (ctx) => ((begun += 1), ctx.item) }),
      new Step({ name: 'ask', dependsOn: ['each'], action: wait.approval() }),
    ],
  })
  const { runId } = await engine.run(work, { list: numbers(1_001) })
  expect(waits).toHaveLength(1)
  const fork = await engine.fork(runId, { fromStep: 'ask' })
  expect((await engine.result(fork.id)).steps['each']?.items).toHaveLength(1_001)
  expect(begun).toBe(1_001)
})
