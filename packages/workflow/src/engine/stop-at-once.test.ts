import type { DurableBackend } from '@parley/spec'
import { createSeededIds, createVirtualClock } from '@parley/testing'
import { expect, test } from 'vitest'
import { memoryBackend } from '../backend/memory-backend.ts'
import { Step } from '../builder/step.ts'
import { Workflow } from '../builder/workflow.ts'
import { heldWork, setupEngine } from './__fixtures__/engine-setup.ts'

/** A store whose reads of runs take as long as the test says, as those of a busy machine do. */
function slowReads(): { backend: DurableBackend; slow(): () => void } {
  let gate: Promise<void> | undefined
  const stored = memoryBackend({ clock: createVirtualClock(), ids: createSeededIds(900) })
  return {
    backend: {
      ...stored,
      async get(runId) {
        await gate
        return stored.get(runId)
      },
    },
    slow() {
      const opened = Promise.withResolvers<void>()
      gate = opened.promise
      return () => {
        gate = undefined
        opened.resolve()
      }
    },
  }
}

test.each(['pause', 'cancel'] as const)(
  '12.3 %s holds from the moment it is asked for: no further step begins while the store is being read',
  async (how) => {
    const { backend, slow } = slowReads()
    const { engine, clock } = setupEngine({ backend })
    const held = heldWork()
    const began: string[] = []
    const work = new Workflow({
      name: 'chain',
      steps: [
        new Step({ name: 'second', action: () => (began.push('second'), held.promise) }),
        new Step({ name: 'third', dependsOn: ['second'], action: () => void began.push('third') }),
      ],
    })
    const run = await engine.start(work)
    await clock.advance(10)
    expect(began).toEqual(['second'])
    const go = slow()
    const stopped = engine[how](run.id, 'interrupted')
    held.end('done')
    await clock.advance(2_000)
    go()
    await clock.advance(2_000)
    expect((await stopped).status).toBe(how === 'pause' ? 'paused' : 'cancelled')
    expect(began).toEqual(['second'])
  },
)

test('12.3 what is over is not put aside, and what nobody knows is refused by name', async () => {
  const { engine } = setupEngine()
  const work = new Workflow({ name: 'short', steps: [new Step({ name: 'only', action: () => 1 })] })
  const { runId } = await engine.run(work)
  await expect(engine.pause(runId)).rejects.toMatchObject({ code: 'run_terminal' })
  expect(await engine.cancel(runId)).toMatchObject({ status: 'completed' })
  await expect(engine.pause('run_none')).rejects.toMatchObject({ code: 'run_unknown' })
  await expect(engine.cancel('run_none')).rejects.toMatchObject({ code: 'run_unknown' })
})
