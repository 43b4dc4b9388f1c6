import { createVirtualClock } from '@parley/testing'
import type { DurableBackend } from '@parley/spec'
import { expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { createEngine } from './create-engine.ts'

test('12.2 a store that breaks in the middle ends the stream and the result with its error, and the run can be resumed', async () => {
  const clock = createVirtualClock()
  const store = memoryBackend({ clock })
  let commits = 0
  const backend: DurableBackend = {
    ...store,
    async commit(lease, batch) {
      commits += 1
      if (commits === 2) throw new Error('disk full at /var/lib/secret')
      return store.commit(lease, batch)
    },
  }
  const told: string[] = []
  const engine = createEngine({ backend, clock, onError: ({ code }) => told.push(code) })
  const workflow = new Workflow({
    name: 'two',
    steps: [
      new Step({ name: 'a', action: () => 1 }),
      new Step({ name: 'b', action: (ctx) => ctx.inputs['a'] + 1, dependsOn: ['a'] }),
    ],
  })
  const seen: string[] = []
  const read = async (): Promise<void> => {
    for await (const { type } of engine.stream(workflow, {}, { runId: 'run_1' })) seen.push(type)
  }
  const reading = read()
  await expect(Promise.all([reading, clock.runToRest()])).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.not.stringContaining('disk full'),
  })
  expect(seen).toContain('run_started')
  expect(told).toContain('store_unavailable')
  await engine.resume('run_1')
  expect(await engine.result('run_1')).toMatchObject({ status: 'completed', output: 2 })
})
