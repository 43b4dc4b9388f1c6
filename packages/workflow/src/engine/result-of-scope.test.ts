import { expect, test } from 'vitest'
import { Step } from '../builder/step.ts'
import { wait } from '../builder/wait.ts'
import { Workflow } from '../builder/workflow.ts'
import { setupEngine } from './__fixtures__/engine-setup.ts'

test('4.2 items and inner steps of before a wait are in the result of after it, as in the store', async () => {
  const work = new Workflow({
    name: 'resumed',
    steps: [
      new Step({ name: 'each', foreach: 'input.list', action: ({ item }) => item * 2 }),
      new Step({
        name: 'inner',
        dependsOn: ['each'],
        steps: [new Step({ name: 'one', action: () => 1 }), new Step({ name: 'two', action: () => 2 })],
      }),
      new Step({ name: 'review', dependsOn: ['inner'], action: wait.approval() }),
      new Step({ name: 'after', dependsOn: ['review'], action: () => 'done' }),
    ],
  })
  const { engine, waits, restart } = setupEngine()
  const { runId, status } = await engine.run(work, { list: [1, 2, 3] })
  expect(status).toBe('waiting')
  await engine.resolveWait({ token: waits[0]?.token ?? '' })
  const warm = await engine.result(runId)
  expect(warm.status).toBe('completed')
  expect(warm.steps['each']?.items?.map(({ output }) => output)).toEqual([2, 4, 6])
  expect(warm.steps['each']?.attempts).toHaveLength(3)
  expect(warm.steps['inner/one']?.output).toBe(1)
  expect(Object.keys(warm.steps).toSorted()).toEqual(['after', 'each', 'inner', 'inner/one', 'inner/two', 'review'])
  const cold = await restart({ workflows: [work] }).result(runId)
  expect(cold.steps).toEqual(warm.steps)
})
