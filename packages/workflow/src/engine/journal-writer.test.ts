import { createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { flowOf, bench, step } from './__fixtures__/run-with.ts'

const cases: [name: string, workflow: ReturnType<typeof flowOf>][] = [
  ['of plain steps', flowOf([step('one', () => 1), step('two', () => 2, { dependsOn: ['one'] })])],
  ['of steps that wait', flowOf([step('one', async () => 1)])],
  ['over a list', flowOf([step('each', ({ item }) => item ?? null, { foreach: 'list' })])],
]

test.for(cases)('a run %s that is over is held by no timer', async ([, workflow]) => {
  const clock = createVirtualClock()
  const { engine } = bench({ clock })
  const { status } = await engine.run(workflow, { list: [1, 2, 3] })
  expect(status).toBe('completed')
  expect(clock.pending).toBe(0)
})
